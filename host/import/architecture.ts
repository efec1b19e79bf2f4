import type { NetNode } from '../../models/net.js';
import { readESpikeFormer } from './espikeformer.js';
import { readSmall } from './small.js';

/** Shapes of a checkpoint's tensors by name. */
export type Shapes = Map<string, readonly number[]>;

/** What the names and shapes of its tensors say about a network, and what they leave open. */
export type Architecture = {
  name: string;
  classes: number;
  channels: number;
  /** Rows and columns of the images that such nets are usually given; any other size works too. */
  side: number;
  /** Channels of each stage with attention; the usual number of heads, and of channels per head at least. */
  attention: { channels: number[]; heads: number; atLeast: number };
  nodes: (o: { heads: number; levels: number }) => NetNode[];
  notes: string[];
};

const families: ((shapes: Shapes) => Architecture | undefined)[] = [readESpikeFormer, readSmall];

/** Tensors that identify the families' nets, with any prefix. */
export const marks = ['downsample1_1.encode_conv.weight', 'stem.0.weight'];

/**
 * The architecture that the tensors belong to; undefined if spikelet knows none. Wrong shapes are found
 * later.
 */
export function architectureOf(shapes: Shapes): Architecture | undefined {
  for (const family of families) {
    const found = family(shapes);
    if (found) return found;
  }
  return undefined;
}

/**
 * The number of heads if it is not given: the family's usual number, halved while the channels are not
 * divisible by it or a head would get fewer channels than usual. 8 for every published E-SpikeFormer, 4 for
 * the nano one and for `tiny`.
 */
export function assumedHeads({ channels, heads, atLeast }: Architecture['attention']): number {
  let count = heads;
  while (count > 1 && channels.some((c) => c % count || c / count < atLeast)) count = Math.floor(count / 2);
  return count;
}
