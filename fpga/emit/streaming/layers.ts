import { definition, type Graph, type Proof } from '../../../models/graph.js';
import type { Accumulate } from '../../../models/ops/accumulate.js';
import { type Fire, levelsOf } from '../../../models/ops/fire.js';
import type { Pool } from '../../../models/ops/pool.js';
import type { OutputFile } from '../../../models/output.js';
import { bitsFor, clampedThreshold, hexWords, mostOf, rowWords } from '../constants.js';
import type { Datapath } from '../datapaths.js';
import type { Folding } from './balance.js';
import { instance, streamWires, widened } from './text.js';

export type Context = {
  graph: Graph;
  proof: Proof;
  datapath: Datapath;
  foldings: Map<string, Folding>;
  /** Prefix of a node's instances and streams. */
  id: (name: string) => string;
};

/** A layer's cores, from stream `ID_in` to stream `ID`, and the files of their constants. */
export type Layer = { source: string; files: OutputFile[]; note?: string };

/** Width of a stream's values; counts are unsigned. */
export function streamBits(name: string, { graph, proof }: Pick<Context, 'graph' | 'proof'>): number {
  const { kind, levels } = graph.tensors[name]!;
  if (kind === 'pixels') return 8;
  if (kind === 'spikes') return Math.ceil(Math.log2(levels! + 1));
  const { lo, hi } = proof.tensors.get(name)!;
  const bits = Math.max(4, bitsFor(Math.min(...lo), Math.max(...hi)));
  // A node without products adds its input values as they are; they may be wider than its results.
  const writer = graph.nodes.find((node) => node.output === name);
  if (!writer || definition(writer).macs(writer, graph)) return bits;
  return Math.max(bits, streamBits(definition(writer).inputs(writer)[0]!, { graph, proof }) + 1);
}

/** Width of an event as a signed factor of a lane's product. */
export const eventBits = (name: string, context: Pick<Context, 'graph' | 'proof'>): number =>
  streamBits(name, context) + Number(!isSigned(name, context));

/** Width of a charge's multipliers. */
export const factorBits = (multiplier: Int8Array | Int32Array): number =>
  Math.max(1, Math.ceil(Math.log2(mostOf(multiplier) + 1)));

/** Width of a layer's sums, with room for thresholds one beyond the largest sum. */
export function sumBits({ name, bits }: Accumulate, proof: Proof): number {
  const { lo, hi } = proof.nodes.get(name)!.accumulator;
  return Math.max(bits, bitsFor(lo, hi + 1));
}

export const isSigned = (name: string, { graph }: Pick<Context, 'graph'>): boolean =>
  graph.tensors[name]!.kind !== 'spikes';

type Window = Pick<Accumulate, 'kernel' | 'stride' | 'padding' | 'groups'>;

/** A node's window generator, from `ID_in` to words `ID_word`. */
export function windowOf(
  node: Accumulate | Pool,
  { kernel, stride, padding, groups }: Window,
  { pack, tap, unit }: { pack: number; tap: number; unit: number },
  context: Context,
): string {
  const { graph, id } = context;
  const name = id(node.name);
  const [height, columns, channels] = graph.tensors[node.input]!.shape;
  const [outRows, outColumns] = graph.tensors[node.output]!.shape;
  const value = streamBits(node.input, context);
  return (
    `${streamWires(`${name}_word`, value * pack)}  wire [${tap - 1}:0] ${name}_tap;\n  wire ${name}_last;\n` +
    instance(
      'window',
      `${name}_window`,
      {
        VALUE: value,
        PACK: pack,
        HEIGHT: height,
        COLUMNS: columns,
        CHANNELS: channels,
        GROUPS: groups,
        OUT_ROWS: outRows,
        OUT_COLUMNS: outColumns,
        KERNEL_ROWS: kernel[0],
        KERNEL_COLUMNS: kernel[1],
        ROW_STRIDE: stride[0],
        COLUMN_STRIDE: stride[1],
        ROW_PADDING: padding[0],
        COLUMN_PADDING: padding[1],
        TAP: tap,
        UNIT: unit,
      },
      {
        i_valid: `${name}_in_valid`,
        o_ready: `${name}_in_ready`,
        i_value: `${name}_in_data`,
        o_valid: `${name}_word_valid`,
        i_ready: `${name}_word_ready`,
        o_word: `${name}_word_data`,
        o_tap: `${name}_tap`,
        o_last: `${name}_last`,
      },
    )
  );
}

/** Compares a stream of sums or membranes with thresholds; gives the stream `ID`. */
export function thresholdsOf(
  node: Accumulate | Fire,
  key: string,
  { from, signed, bits }: { from: string; signed: boolean; bits: number },
  { graph, proof, id }: Context,
): Layer {
  const name = id(node.name);
  const { accumulator } = proof.nodes.get(node.name)!;
  const width = Math.max(bits, bitsFor(accumulator.lo, accumulator.hi + 1));
  const levels = levelsOf(graph, node.output);
  const values = graph.data.get(key)!.map((threshold) => clampedThreshold(threshold, accumulator));
  const path = `${name}_thresholds.hex`;
  return {
    source: instance(
      'thresholds',
      `${name}_fire`,
      {
        WIDTH: width,
        LEVELS: levels,
        COUNT: Math.ceil(Math.log2(levels + 1)),
        CHANNELS: values.length / levels,
        FILE: path,
      },
      {
        i_valid: `${from}_valid`,
        o_ready: `${from}_ready`,
        i_value: widened(`${from}_data`, bits, width, signed),
        o_valid: `${name}_valid`,
        i_ready: `${name}_ready`,
        o_count: `${name}_data`,
      },
    ),
    files: [{ path, contents: hexWords(rowWords(values, levels, width), levels * width) }],
  };
}
