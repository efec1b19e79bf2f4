import type { Graph } from '../models/index.js';
import { type Accumulate, type Kernel, kernelOf } from '../models/ops/accumulate.js';
import { levelsOf } from '../models/ops/fire.js';
import { type Constants, joinConstants, sliceRows } from './constants.js';
import type { Arguments, KernelCall } from './kernel-call.js';
import { type Context, int32, type Layer, tensorOf, thresholdRows, type WasmOp } from './layer.js';
import { pairsIn16, pairsPay } from './pairs.js';
import { pixelRowBytes, scatterOf, scratchOf } from './scratch.js';
import { listsOf, streamOf } from './streams.js';
import { hasVectors } from './tiers.js';
import {
  pairedWeights,
  pixelWeights,
  plainWeights,
  SCATTERED,
  scatteredWeights,
  tiledWeights,
  tileOf,
} from './weights.js';

/** How a node's kernel is called: what differs between the kernels of `accumulate`. */
type Call = KernelCall & {
  /** Type of the sums that are compared with the thresholds. */
  sums: 'i16' | 'i32';
  weights: Uint8Array | Int8Array | Int16Array | Int32Array;
  /**
   * Outputs of a tile, if the constants are stored tile by tile; absent: those of the node are stored
   * together.
   */
  outputs?: number;
};

/** Sums of 16 bits may reach -32768..32766: 32767 stands for a threshold that no sum reaches. */
const fits16 = ({ lo, hi }: { lo: number; hi: number }): boolean => lo >= -32768 && hi < 32767;

const ends = { fire: 'End.Fire', charge: 'End.Charge', readout: 'End.Readout' } as const;

/** `accumulate` in WebAssembly. */
export const accumulate: WasmOp<Accumulate> = {
  layer,
  scratch: scratchOf,
  lists: (node, graph) => kernelOf(node, graph) === 'events',
};

function layer(node: Accumulate, context: Context): Layer {
  const { graph, proof, choices } = context;
  const { end } = node;
  const x = tensorOf(graph, node.input);
  const y = tensorOf(graph, node.output);
  const residual = end.kind === 'charge' && end.residual !== undefined;
  const levels = end.kind === 'fire' ? levelsOf(graph, node.output) : 0;
  const call = calls[callOf(node, context)](node, context);
  const { accumulator } = proof.nodes.get(node.name)!;
  const fires =
    end.kind === 'fire'
      ? thresholdRows(
          int32(graph, end.thresholds),
          levels,
          false,
          accumulator,
          ...(call.sums === 'i32' ? (['i32'] as const) : []),
        )
      : undefined;
  const constants = constantsOf(call, node, graph, fires);
  const fetch = choices.fetches.get(node.name);
  return {
    kernel: call.kernel,
    types: {
      ...call.types,
      R: residual ? tensorOf(graph, end.residual!).type : y.type,
      Y: y.type,
      T: fires?.thresholds instanceof Int16Array ? 'i16' : 'i32',
    },
    args: [
      ...call.args,
      call.outputs
        ? {
            blockBytes: constants.blockBytes,
            ...(fetch ? { begin: 'tile', count: 'count' } : { begin: 0, count: constants.tiles }),
          }
        : { stride: fires?.stride ?? 0 },
      { end: ends[end.kind], levels, residual, packed: choices.packed.has(node.output) },
      // Pixels are never packed.
      call.kernel === 'pixels' ? {} : { inputPacked: choices.packed.has(node.input) },
    ],
    equation: `sums = ${node.kernel.join('x')} convolution of ${x.kind} [${x.shape}], ${
      {
        fire: 'y = spikes of the sums',
        charge: `y = ${residual ? 'residual + ' : ''}((sums * multiplier + bias) >> shift)`,
        readout: 'y = (sums * multiplier + bias) >> shift',
      }[end.kind]
    }, ${y.kind} [${y.shape}]`,
    constants,
    ...(fetch ? { fetch: fetch.tiles } : {}),
  };
}

/** The constants of all outputs, or tile by tile. */
function constantsOf(
  call: Call,
  node: Accumulate,
  graph: Graph,
  fires: ReturnType<typeof thresholdRows> | undefined,
): Constants {
  const { end, out } = node;
  const { weights, outputs = out } = call;
  const whole = call.outputs === undefined;
  const tiles = Math.ceil(out / outputs);
  const bytes = weights.length / tiles;
  const slice = (values: Int32Array, tile: number) => sliceRows(values, out, tile * outputs, outputs);
  return joinConstants(
    Array.from({ length: tiles }, (_, tile) => ({
      weights: weights.subarray(tile * bytes, (tile + 1) * bytes),
      ...(end.kind === 'fire'
        ? {
            thresholds: whole
              ? fires!.thresholds
              : sliceRows(fires!.thresholds, fires!.stride, tile * outputs, outputs),
          }
        : {
            multiplier: slice(int32(graph, end.multiplier), tile),
            bias: slice(int32(graph, end.bias), tile),
          }),
    })),
    end.kind === 'fire' ? 0 : end.shift,
  );
}

/** The kernels of all tiers; `pairs` is the relaxed tier's for spikes that are mostly not zero. */
type KernelFile = Kernel | 'pairs';

/** The kernel of a tier for a node: vectors if the tier has them, lanes if the sums fit. */
function callOf(node: Accumulate, { graph, proof, tier }: Context): KernelFile {
  const kernel = kernelOf(node, graph);
  if (tier === 'swar' && kernel === 'pixels') return 'grouped';
  if (tier === 'relaxed' && kernel === 'events' && pairsPay(node, graph)) return 'pairs';
  return kernel === 'depthwise' && !fits16(proof.nodes.get(node.name)!.accumulator) ? 'grouped' : kernel;
}

function inputOf(node: Accumulate, graph: Graph): Arguments {
  const [height, width, channels] = tensorOf(graph, node.input).shape;
  return { height, width, channels };
}

const outputOf = (node: Accumulate, graph: Graph): Arguments => ({
  columns: tensorOf(graph, node.output).shape[1],
  out: node.out,
});

function windowOf(node: Accumulate): Arguments {
  const [kernelRows, kernelColumns] = node.kernel;
  const [strideRows, strideColumns] = node.stride;
  const [paddingRows, paddingColumns] = node.padding;
  return { kernelRows, kernelColumns, strideRows, strideColumns, paddingRows, paddingColumns };
}

const calls: Record<KernelFile, (node: Accumulate, context: Context) => Call> = {
  events(node, { graph, proof, tier, choices }) {
    const x = tensorOf(graph, node.input);
    const stream = streamOf(node, graph, choices);
    const lists = listsOf(node, graph, choices);
    const tile = tileOf(node.out, tier, 'events', choices.fetches.get(node.name)?.pairs);
    const { pair, pairs } = tile;
    const flush = flushOf(node, graph, proof.nodes.get(node.name)!.accumulator);
    const sums = flush === 'Flush.Never' ? 'i16' : 'i32';
    return {
      kernel: 'events',
      types: { E: stream.index, S: sums },
      args: [
        inputOf(node, graph),
        outputOf(node, graph),
        windowOf(node),
        { planes: stream.planes, chunk: stream.chunk },
        hasVectors(tier)
          ? { tableBytes: stream.tableBytes, streamBytes: stream.rowBytes }
          : {
              lists: lists.lists,
              heldRows: lists.rows,
              tableBytes: lists.tableBytes,
              rowBytes: lists.rowBytes,
            },
        { pairs, bits: node.bits, flush },
      ],
      sums,
      weights: tiledWeights(node, graph, x.shape[2], tile),
      outputs: pair * pairs,
    };
  },

  pairs(node, { graph, proof, tier, choices }) {
    const stream = streamOf(node, graph, choices);
    const tile = tileOf(node.out, tier, 'pairs', choices.fetches.get(node.name)?.pairs);
    const narrow = fits16(proof.nodes.get(node.name)!.accumulator);
    const most = narrow ? 0 : pairsIn16(node, graph);
    return {
      kernel: 'pairs',
      types: { E: stream.index, S: narrow ? 'i16' : 'i32' },
      args: [
        inputOf(node, graph),
        outputOf(node, graph),
        windowOf(node),
        { tableBytes: stream.tableBytes, streamBytes: stream.rowBytes, chunk: stream.chunk },
        { pairs: tile.pairs, most },
      ],
      sums: narrow ? 'i16' : 'i32',
      weights: pairedWeights(node, graph, tensorOf(graph, node.input).shape[2], tile),
      outputs: tile.pair * tile.pairs,
    };
  },

  pixels(node, { graph }) {
    const [height, , channels] = tensorOf(graph, node.input).shape;
    const pairs = Math.ceil((node.kernel[1] * channels) / 2);
    // Its columns are in `pairs`.
    const { kernelColumns: _, ...window } = windowOf(node);
    return {
      kernel: 'pixels',
      types: {},
      args: [
        inputOf(node, graph),
        outputOf(node, graph),
        window,
        { windowRows: Math.min(node.kernel[0], height), rowBytes: pixelRowBytes(node, graph), pairs },
      ],
      sums: 'i32',
      weights: pixelWeights(node, graph, channels, pairs),
    };
  },

  depthwise(node, { graph, tier }) {
    const { words, kernelWords } = scatterOf(node, graph);
    return {
      kernel: 'depthwise',
      types: hasVectors(tier) ? { W: 'i16' } : {},
      args: [
        inputOf(node, graph),
        { columns: tensorOf(graph, node.output).shape[1] },
        windowOf(node),
        tier === 'swar' ? { words, kernelWords } : {},
      ],
      sums: 'i16',
      ...(hasVectors(tier)
        ? { weights: Int16Array.from(plainWeights(node, graph)) }
        : { weights: scatteredWeights(node, graph), outputs: SCATTERED }),
    };
  },

  grouped: (node, { graph }) => ({
    kernel: 'grouped',
    types: { X: tensorOf(graph, node.input).type },
    args: [inputOf(node, graph), outputOf(node, graph), windowOf(node), { groups: node.groups }],
    sums: 'i32',
    weights: plainWeights(node, graph),
  }),
};

/** How often the 16-bit sums of spikes must go to 32 bits, by the weights (assembly/flush.ts). */
function flushOf(node: Accumulate, graph: Graph, accumulator: { lo: number; hi: number }): string {
  if (fits16(accumulator)) return 'Flush.Never';
  const { levels = 1 } = tensorOf(graph, node.input);
  const weights = graph.data.get(node.weights) as Int8Array;
  const inputs = weights.length / node.out;
  // The most that one spike of every input can add.
  let most = 0;
  for (let o = 0; o < node.out; o++) {
    let positive = 0;
    let negative = 0;
    for (const w of weights.subarray(o * inputs, (o + 1) * inputs)) {
      if (w > 0) positive += w;
      else negative -= w;
    }
    most = Math.max(most, positive, negative);
  }
  if (levels > 1 && most * (levels >> 1) <= 32767) return 'Flush.Half';
  return most <= 32767 ? 'Flush.Plane' : 'Flush.Chunk';
}
