import type { Graph } from '../../models/graph.js';
import type { Accumulate, Charges, ReadsOut } from '../../models/ops/accumulate.js';
import { levelsOf } from '../../models/ops/fire.js';
import { product, type Shape } from '../../models/tensor.js';
import {
  addressBits,
  bitsFor,
  hexWords,
  isDepthwise,
  leastOf,
  mostOf,
  weightWords,
  wrap,
} from '../emit/constants.js';
import { datapaths } from '../emit/datapaths.js';
import { equationOf } from '../emit/equations.js';
import { END, encodingOf, OPERAND, pushThresholds, type StepContext } from '../emit/steps.js';
import {
  type Context,
  factorBits,
  isSigned,
  type Layer,
  streamBits,
  sumBits,
  thresholdsOf,
  windowOf,
} from '../emit/streaming/layers.js';
import { windowNeeds } from '../emit/streaming/needs.js';
import { instance, streamWires } from '../emit/streaming/text.js';
import { AROUND, comparisons, type Engine, eventsOf } from '../estimate/clocks.js';
import type { Terms } from '../estimate/features.js';
import type { VerilogOp } from './op.js';

export const accumulate: VerilogOp<Accumulate> = {
  sequential: { add, clocks },
  streaming: {
    layer,
    needs: windowNeeds,
    comparators: (node, graph, proof) =>
      node.end.kind === 'fire' ? levelsOf(graph, node.output) * sumBits(node, proof) : 0,
  },
};

/**
 * Whether each window is one run of values: without padding, and either a single position or the whole map in
 * one group.
 */
const isRun = ({ kernel, padding, groups }: Accumulate, [height, width]: Shape): boolean =>
  product(padding.map((p) => p + 1)) === 1 &&
  (product(kernel) === 1 || (groups === 1 && kernel[0] === height && kernel[1] === width));

function add(node: Accumulate, context: StepContext, tensor: number): void {
  const { graph, program, layout, lanes, bits } = context;
  if (program.encode && node === graph.nodes[0]) {
    program.thresholds = encodingThresholds(node, graph);
    return;
  }
  const [height, width, channels] = graph.tensors[node.input]!.shape;
  const output = graph.tensors[node.output]!;
  const inputs = channels / node.groups;
  const outputs = node.out / node.groups;
  const { end, stride, padding } = node;
  const run = isRun(node, [height, width, channels]);
  const lanewise = isDepthwise(node, graph);
  const kernel = run ? [1, 1] : node.kernel;
  const taps = product(node.kernel) * inputs;
  const depth = run ? taps : inputs;
  program.events = Math.max(program.events, lanewise ? taps * Math.min(lanes, node.groups) : taps);
  const constants = program.constants.length;
  if (end.kind === 'fire') pushThresholds(context, node.name, end.thresholds);
  else {
    const multiplier = graph.data.get(end.multiplier)!;
    const bias = graph.data.get(end.bias)!;
    const times = 2 ** (program.shifts[end.kind] - end.shift);
    for (let o = 0; o < node.out; o++) program.constants.push(multiplier[o]! * times, bias[o]! * times);
  }
  const levels = end.kind === 'fire' ? levelsOf(graph, node.output) : 0;
  const residual = end.kind === 'charge' ? end.residual : undefined;
  program.steps.push({
    comment: equationOf(node, graph),
    fields: {
      rows: output.shape[0],
      columns: output.shape[1],
      groups: node.groups,
      outputs,
      ...(run
        ? { depth, a_depth: 1, b_depth: 1 }
        : {
            height,
            width,
            kernel_rows: kernel[0]!,
            kernel_columns: kernel[1]!,
            row_stride: stride[0],
            column_stride: stride[1],
            row_padding: padding[0],
            column_padding: padding[1],
            a_kernel_row: width * channels,
            a_kernel_column: channels,
            b_kernel_row: kernel[1]! * depth,
            b_kernel_column: depth,
            depth,
            a_depth: 1,
            b_depth: 1,
          }),
      ...(lanewise ? { lanewise: 1, b_depth: 0 } : {}),
      a_base: layout.address.get(node.input)! - (padding[0] * width + padding[1]) * channels,
      a_row: stride[0] * width * channels,
      a_column: stride[1] * channels,
      a_group: node.groups === 1 ? 0 : lanewise ? lanes : depth,
      b_base: program.weights.length,
      b_group: node.groups === 1 ? 0 : Math.ceil(outputs / lanes) * taps,
      b_block: taps,
      c_base: constants,
      c_step: levels || 2,
      output: layout.address.get(node.output) ?? 0,
      residual: residual ? layout.address.get(residual)! : 0,
      operand: OPERAND.weights,
      end: end.kind === 'fire' ? END.fire : residual ? END.charge : END.scale,
      levels,
      clamp: Number(end.kind === 'charge' && end.saturate && output.type === 'i16'),
      logits: Number(end.kind === 'readout'),
      tensor,
    },
  });
  for (const word of weightWords(node, graph, lanes, bits)) program.weights.push(word);
}

/** Thresholds on pixels for the node that `encodingOf` found. It takes no step. */
const encodingThresholds = (node: Accumulate, graph: Graph): number[] => {
  const weight = graph.data.get(node.weights)![0]!;
  if (node.end.kind !== 'fire') throw new Error(`'${node.name}' ends in ${node.end.kind}`);
  return [...graph.data.get(node.end.thresholds)!].map((threshold) => {
    const at = Math.ceil(threshold / Math.abs(weight)) - Number(weight < 0);
    return Math.min(Math.max(at, -128), 128);
  });
};

/**
 * A window is scanned tap by tap. Its events are added during the scan for the first block of lanes, and once
 * more for each further block. The sums of a block are finished while the next one is added, so the slower of
 * the two counts.
 */
function clocks(node: Accumulate, graph: Graph, engine: Engine): Terms {
  // Pixels are encoded as spikes on arrival.
  if (node === graph.nodes[0] && encodingOf(graph)) return { clocks: 1 };
  return { steps: 1, clocks: windowClocks(node, graph, engine) };
}

function windowClocks(node: Accumulate, graph: Graph, engine: Engine): number {
  const { lanes, datapath, multipliers } = engine;
  const [height, width, channels] = graph.tensors[node.input]!.shape;
  const [rows, columns, out] = graph.tensors[node.output]!.shape;
  const depthwise = isDepthwise(node, graph);
  const covers = covered(rows, height, node, 0) * covered(columns, width, node, 1);
  const groups = depthwise ? Math.ceil(node.groups / lanes) : node.groups;
  const windows = rows * columns * groups;
  const blocks = depthwise ? 1 : Math.ceil(node.out / node.groups / lanes);
  const scanned = covers * channels + (rows * columns * product(node.kernel) - covers) * groups;
  const framed = engine.framed && isFirst(node, graph);
  const additions = covers * channels * eventsOf(node.input, graph, datapath);
  const adding =
    windows * (AROUND.window + AROUND.block * (blocks - 1)) +
    Math.max(framed ? 0 : scanned, additions) +
    (blocks - 1) * additions;
  const outputs = rows * columns * out;
  const scaling = multipliers ? AROUND.scale : AROUND.serial + multiplierBits(node, graph);
  const finishing = node.end.kind === 'fire' ? comparisons(node.output, graph) + outputs : outputs * scaling;
  return Math.max(adding, finishing);
}

/** Whether the node takes the frame as it arrives, encoded or not. */
const isFirst = (node: Accumulate, graph: Graph): boolean => node === graph.nodes[encodingOf(graph) ? 1 : 0];

/** Number of kernel taps that are on the map, along one axis, summed over its positions. */
function covered(places: number, size: number, { kernel, stride, padding }: Accumulate, axis: 0 | 1): number {
  let taps = 0;
  for (let place = 0; place < places; place++) {
    const from = place * stride[axis] - padding[axis];
    taps += Math.max(0, Math.min(size, from + kernel[axis]) - Math.max(0, from));
  }
  return taps;
}

/** Bits of the multiplier, at one clock each; mean over the channels. */
function multiplierBits({ end }: Accumulate, graph: Graph): number {
  if (end.kind === 'fire') return 0;
  const multipliers = graph.data.get(end.multiplier)!;
  let bits = 0;
  for (const multiplier of multipliers) bits += 32 - Math.clz32(multiplier);
  return bits / multipliers.length;
}

function layer(node: Accumulate, context: Context): Layer {
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

/** Scale, residual and clamp: from `ID_sum`, and `ID_residual` if any, to the stream `ID`. */
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
