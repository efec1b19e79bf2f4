import type { NetNode } from '../../models/net.js';
import { readESpikeFormer } from './espikeformer.js';
import { readSmall } from './small.js';

/** Shapes of a checkpoint's tensors by name. */
export type Shapes = Map<string, readonly number[]>;

/** What names and shapes of tensors tell about a network, and what they cannot tell. */
export type Architecture = {
  name: string;
  classes: number;
  channels: number;
  /** Rows and columns of the images such nets are made for: any other size works as well. */
  side: number;
  /** Channels of each stage with attention; how many heads, of at least how many channels, are usual. */
  attention: { channels: number[]; heads: number; atLeast: number };
  nodes: (o: { heads: number; levels: number }) => NetNode[];
  notes: string[];
};

const families: ((shapes: Shapes) => Architecture | undefined)[] = [readESpikeFormer, readSmall];

/** Tensors by which the families' nets are known, whatever stands before their names. */
export const marks = ['downsample1_1.encode_conv.weight', 'stem.0.weight'];

/** The architecture that the tensors belong to; undefined where spikelet knows none. What does not fit shows later. */
export function architectureOf(shapes: Shapes): Architecture | undefined {
  for (const family of families) {
    const found = family(shapes);
    if (found) return found;
  }
  return undefined;
}

/**
 * The number of heads where nobody tells it: the family's usual number, halved while the channels cannot be divided
 * so or a head would get fewer than usual. 8 for every published E-SpikeFormer, 4 for the nano one and for `tiny`.
 */
export function assumedHeads({ channels, heads, atLeast }: Architecture['attention']): number {
  let count = heads;
  while (count > 1 && channels.some((c) => c % count || c / count < atLeast)) count = Math.floor(count / 2);
  return count;
}
