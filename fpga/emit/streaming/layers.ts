import type { Graph, GraphNode, Proof } from '../../../models/graph.js';
import type { Accumulate, Charges, ReadsOut } from '../../../models/ops/accumulate.js';
import { type Fire, levelsOf } from '../../../models/ops/fire.js';
import type { Pool } from '../../../models/ops/pool.js';
import type { OutputFile } from '../../../models/output.js';
import { product } from '../../../models/tensor.js';
import {
  addressBits,
  bitsFor,
  clampedThreshold,
  hexWords,
  isDepthwise,
  leastOf,
  mostOf,
  rowWords,
  weightWords,
  wrap,
} from '../constants.js';
import { type Datapath, datapaths } from '../sequential.js';
import type { Folding } from './balance.js';
import { instance, streamWires, widened } from './text.js';

export type Context = {
  graph: Graph;
  proof: Proof;
  datapath: Datapath;
  foldings: Map<string, Folding>;
  /** The instances' and streams' name of a node. */
  id: (name: string) => string;
};

/** A layer's cores, from the stream `ID_in` to the stream `ID`, and the files of their constants. */
export type Layer = { source: string; files: OutputFile[]; note?: string };

export type StreamNode = Exclude<GraphNode, { op: 'attend' }>;

/** Bits of a stream's values; of counts without a sign. */
export function streamBits(name: string, { graph, proof }: Pick<Context, 'graph' | 'proof'>): number {
  const { kind, levels } = graph.tensors[name]!;
  if (kind === 'pixels') return 8;
  if (kind === 'spikes') return Math.ceil(Math.log2(levels! + 1));
  const { lo, hi } = proof.tensors.get(name)!;
  const bits = Math.max(4, bitsFor(Math.min(...lo), Math.max(...hi)));
  // A pool adds values that its sums may never reach.
  const writer = graph.nodes.find((node) => node.output === name);
  return writer?.op === 'pool' ? Math.max(bits, streamBits(writer.input, { graph, proof }) + 1) : bits;
}

/** Bits of an event with a sign, as a lane multiplies by it. */
export const eventBits = (name: string, context: Pick<Context, 'graph' | 'proof'>): number =>
  streamBits(name, context) + Number(!isSigned(name, context));

/** Bits of a charge's multipliers. */
export const factorBits = (multiplier: Int8Array | Int32Array): number =>
  Math.max(1, Math.ceil(Math.log2(mostOf(multiplier) + 1)));

/** Bits of a layer's sums; one more than is reached, for the thresholds beyond. */
export function sumBits({ name, bits }: Accumulate, proof: Proof): number {
  const { lo, hi } = proof.nodes.get(name)!.accumulator;
  return Math.max(bits, bitsFor(lo, hi + 1));
}

export const isSigned = (name: string, { graph }: Pick<Context, 'graph'>): boolean =>
  graph.tensors[name]!.kind !== 'spikes';

export function layerOf(node: StreamNode, context: Context): Layer {
  switch (node.op) {
    case 'accumulate':
      return accumulateLayer(node, context);
    case 'fire':
      return fireLayer(node, context);
    case 'pool':
      return poolLayer(node, context);
  }
}

type Window = Pick<Accumulate, 'kernel' | 'stride' | 'padding' | 'groups'>;

/** The window generator of a node, from `ID_in` to words `ID_word`. */
function windowOf(
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

function accumulateLayer(node: Accumulate, context: Context): Layer {
  const { graph, proof, datapath, foldings, id } = context;
  const name = id(node.name);
  const { lanes, pack } = foldings.get(node.name)!;
  const depthwise = isDepthwise(node, graph);
  const taps = product(node.kernel) * (graph.tensors[node.input]!.shape[2] / node.groups);
  const tap = addressBits(taps);
  const sum = sumBits(node, proof);
  const weights = `${name}_weights.hex`;
  const outputs = node.out / node.groups;
  const shared = {
    DATAPATH: datapaths.indexOf(datapath),
    EVENT: streamBits(node.input, context),
    SIGNED: Number(isSigned(node.input, context)),
    LANES: lanes,
  };
  const rest = { TAPS: taps, TAP: tap, WEIGHT: node.bits, SUM: sum, WEIGHT_FILE: weights };
  const window = depthwise ? { ...node, groups: node.groups / lanes } : node;
  const core = instance(
    depthwise ? 'depthwise_accumulate' : 'spike_accumulate',
    `${name}_accumulate`,
    depthwise
      ? { ...shared, PASSES: node.groups / lanes, ...rest }
      : { ...shared, PACK: pack, FOLD: outputs / lanes, GROUPS: node.groups, ...rest },
    {
      i_valid: `${name}_word_valid`,
      o_ready: `${name}_word_ready`,
      i_word: `${name}_word_data`,
      i_tap: `${name}_tap`,
      i_last: `${name}_last`,
      o_valid: `${name}_sum_valid`,
      i_ready: `${name}_sum_ready`,
      o_sum: `${name}_sum_data`,
    },
  );
  const end =
    node.end.kind === 'fire'
      ? thresholdsOf(node, node.end.thresholds, { from: `${name}_sum`, signed: true, bits: sum }, context)
      : chargeOf(node, node.end, sum, context);
  const words = weightWords(node, graph, lanes, node.bits);
  const reuse = (depthwise ? node.groups : outputs) / lanes;
  return {
    source:
      windowOf(node, window, { pack, tap, unit: depthwise ? 1 : pack }, context) +
      streamWires(`${name}_sum`, sum) +
      core +
      end.source,
    files: [{ path: weights, contents: hexWords(words, lanes * node.bits) }, ...end.files],
    note: `${lanes} lanes, reuse factor ${reuse}${depthwise ? '' : `, ${pack} values of a window at once`}`,
  };
}

/** Thresholds from a stream of sums or of a membrane to the stream `ID`. */
function thresholdsOf(
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

/** Scale, residual and clamp from `ID_sum`, and `ID_residual` if any, to the stream `ID`. */
function chargeOf(node: Accumulate, end: Charges | ReadsOut, sum: number, context: Context): Layer {
  const { graph, proof, foldings, id } = context;
  const name = id(node.name);
  const multiplier = graph.data.get(end.multiplier)!;
  const bias = graph.data.get(end.bias)!;
  const range = proof.nodes.get(node.name)!.product!;
  const productBits = Math.max(
    sum,
    bitsFor(Math.min(range.lo, leastOf(bias)), Math.max(range.hi, mostOf(bias))),
  );
  const factor = factorBits(multiplier);
  const residual = end.kind === 'charge' ? end.residual : undefined;
  const clamp =
    end.kind === 'charge' && end.saturate ? (graph.tensors[node.output]!.type === 'i16' ? 16 : 32) : 0;
  const path = `${name}_scale.hex`;
  const words = Array.from(
    multiplier,
    (m, o) => (BigInt(m) << BigInt(productBits)) | wrap(bias[o]!, productBits),
  );
  return {
    source: `${residual ? '' : `  wire ${name}_unused;\n`}${instance(
      'charge',
      `${name}_charge`,
      {
        SUM: sum,
        MULTIPLIER: factor,
        PRODUCT: productBits,
        SHIFT: end.shift,
        RESIDUAL: residual ? streamBits(residual, context) : 0,
        CLAMP: clamp,
        OUT: streamBits(node.output, context),
        CHANNELS: node.out,
        PARALLEL: Number(foldings.get(node.name)!.parallel),
        FILE: path,
      },
      {
        i_valid: `${name}_sum_valid`,
        o_ready: `${name}_sum_ready`,
        i_sum: `${name}_sum_data`,
        i_residual_valid: residual ? `${name}_residual_valid` : "1'b0",
        o_residual_ready: residual ? `${name}_residual_ready` : `${name}_unused`,
        i_residual: residual ? `${name}_residual_data` : "1'b0",
        o_valid: `${name}_valid`,
        i_ready: `${name}_ready`,
        o_value: `${name}_data`,
      },
    )}`,
    files: [{ path, contents: hexWords(words, factor + productBits) }],
  };
}

function fireLayer(node: Fire, context: Context): Layer {
  const from = `${context.id(node.name)}_in`;
  return thresholdsOf(
    node,
    node.thresholds,
    { from, signed: isSigned(node.input, context), bits: streamBits(node.input, context) },
    context,
  );
}

function poolLayer(node: Pool, context: Context): Layer {
  const { graph, id } = context;
  const name = id(node.name);
  const [height, width, channels] = graph.tensors[node.input]!.shape;
  const whole = node.kernel[0] === height && node.kernel[1] === width;
  const value = {
    VALUE: streamBits(node.input, context),
    SIGNED: Number(isSigned(node.input, context)),
    SUM: streamBits(node.output, context),
  };
  const out = { o_valid: `${name}_valid`, i_ready: `${name}_ready`, o_sum: `${name}_data` };
  if (whole) {
    const ports = { i_valid: `${name}_in_valid`, o_ready: `${name}_in_ready`, i_value: `${name}_in_data` };
    const sizes = { CHANNELS: channels, PLACES: height * width };
    return {
      source: instance('map_sum', `${name}_sum`, { ...value, ...sizes }, { ...ports, ...out }),
      files: [],
    };
  }
  const window = { ...node, padding: [0, 0] as [number, number], groups: channels };
  const tap = addressBits(product(node.kernel));
  const source =
    windowOf(node, window, { pack: 1, tap, unit: 1 }, context) +
    instance('window_sum', `${name}_sum`, value, {
      i_valid: `${name}_word_valid`,
      o_ready: `${name}_word_ready`,
      i_value: `${name}_word_data`,
      i_last: `${name}_last`,
      ...out,
    }) +
    `  wire ${name}_unused = &{1'b0, ${name}_tap};\n`;
  return { source, files: [] };
}
