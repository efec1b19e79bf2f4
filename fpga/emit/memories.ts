import type { Graph, Proof } from '../../models/graph.js';
import { product } from '../../models/tensor.js';
import { SPRAM } from '../parts.js';
import { bitsFor } from './constants.js';
import type { Layout, Temporaries } from './layout.js';

/** Width and depth of a memory. */
type Memory = { bits: number; words: number };

/** Parameters of spike_engine.v: what is placed in single-port RAM. */
export type Placement = { MAP_HUGE: number; MAP_TOP: number; WEIGHT_HUGE: number };

/** An item in the map memory: its address, words and bits. */
type Stored = Memory & { address: number };

/** Everything that a layout places. */
export function storedIn(
  graph: Graph,
  proof: Proof,
  { address }: Layout,
  temporaries: Temporaries,
): Stored[] {
  const tensors = [...proof.tensors].map(([name, { lo, hi }]) => ({
    name,
    words: product(graph.tensors[name]!.shape),
    bits: bitsFor(Math.min(...lo), Math.max(...hi, graph.tensors[name]!.levels ?? 0)),
  }));
  const others = [...temporaries].map(([name, { words, hi }]) => ({ name, words, bits: bitsFor(0, hi) }));
  return [...tensors, ...others].flatMap(({ name, words, bits }) => {
    const at = address.get(name);
    return at === undefined ? [] : [{ address: at, words, bits }];
  });
}

/** Block RAMs of 256 words of 16 bits that a memory takes. */
const blocks = ({ bits, words }: Memory): number => Math.ceil(bits / 16) * Math.ceil(words / 256);

/** Words from address 0 up to the last one that needs more bits than a single-port RAM has. */
const topOf = (stored: Stored[]): number =>
  stored.reduce(
    (top, { address, words, bits }) => (bits > SPRAM.bits ? Math.max(top, address + words) : top),
    0,
  );

/**
 * Places the map and the weights in `sprams` single-port RAMs and the rest in block RAM, using as little
 * block RAM as possible. The map is placed whole or not at all; of the weights, as many of the lower bits as
 * fit.
 */
export function placeMemories(stored: Stored[], map: Memory, weights: Memory, sprams: number): Placement {
  const deep = ({ words }: Memory) => Math.ceil(words / SPRAM.words);
  const options = [0, 1].flatMap((huge) => {
    const left = sprams - huge * deep(map);
    if (left < 0) return [];
    const bits = Math.min(weights.bits, SPRAM.bits * Math.floor(left / deep(weights)));
    const top = huge && map.bits > SPRAM.bits ? topOf(stored) : 0;
    const high = { bits: map.bits - SPRAM.bits, words: top };
    const cost =
      blocks({ bits: weights.bits - bits, words: weights.words }) + (huge ? blocks(high) : blocks(map));
    return [{ cost, placement: { MAP_HUGE: huge, MAP_TOP: top, WEIGHT_HUGE: bits } }];
  });
  return options.reduce((best, option) => (option.cost < best.cost ? option : best)).placement;
}
