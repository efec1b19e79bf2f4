import {
  type Choices,
  definition,
  type Graph,
  type GraphNode,
  type Kernels,
  type Op,
  plainChoices,
  prove,
  valueRange,
} from '../models/index.js';
import { productType } from '../models/ops/attend.js';
import { levelsOf } from '../models/ops/fire.js';
import { entryOf } from '../models/table.js';
import { accumulate } from './accumulate.js';
import { joinConstants } from './constants.js';
import { int32, type Layer, tensorOf, thresholdRows, type WasmOp } from './layer.js';
import { attendStream } from './streams.js';
import type { Tier } from './tiers.js';

/** Every node's layer, in order. Proves the graph. */
export function layersOf(graph: Graph, tier: Tier, choices: Choices = plainChoices): Layer[] {
  const context = { graph, proof: prove(graph), tier, choices };
  return graph.nodes.map((node) => opOf(node).layer(node, context));
}

/** What plans have to know about the kernels. */
export const kernels: Kernels = {
  scratch: (node, graph, choices) => opOf(node).scratch?.(node, graph, choices) ?? 0,
  lists: (node, graph) => opOf(node).lists?.(node, graph) ?? false,
};

const opOf = (node: GraphNode): WasmOp<GraphNode> => entryOf(wasmOps, node, 'WebAssembly');

/** Every op of a Graph in WebAssembly; C is made from this too. */
const wasmOps: { [O in Op]: WasmOp<Extract<GraphNode, { op: O }>> } = {
  accumulate,

  fire: {
    layer(node, { graph, choices }) {
      const x = tensorOf(graph, node.input);
      const levels = levelsOf(graph, node.output);
      const values = int32(graph, node.thresholds);
      const shared = values.length === levels;
      const { thresholds, stride } = thresholdRows(values, levels, shared, valueRange[x.type]);
      return {
        kernel: 'fire',
        types: { X: x.type, T: typeOf(thresholds) },
        args: [
          {
            columns: x.shape[1],
            channels: x.shape[2],
            levels,
            stride,
            packed: choices.packed.has(node.output),
          },
        ],
        equation: `y = spikes of the ${x.kind} [${x.shape}]`,
        constants: joinConstants([{ thresholds }]),
      };
    },
  },

  attend: {
    scratch: (node, graph, choices) =>
      4 * tensorOf(graph, node.inputs[2]).shape[2] + attendStream(node, graph, choices).bytes,
    layer(node, { graph, proof, choices }) {
      const q = tensorOf(graph, node.inputs[0]);
      const v = tensorOf(graph, node.inputs[2]);
      const levels = levelsOf(graph, node.output);
      const stream = attendStream(node, graph, choices);
      const { accumulator } = proof.nodes.get(node.name)!;
      const { thresholds } = thresholdRows(int32(graph, node.thresholds), levels, true, accumulator, 'i32');
      return {
        kernel: 'attend',
        types: { E: stream.index, P: productType(node, graph), T: typeOf(thresholds) },
        args: [
          { height: q.shape[0], columns: q.shape[1], channels: q.shape[2] },
          { valueChannels: v.shape[2], heads: node.heads },
          {
            keyPlanes: stream.keyPlanes,
            queryPlanes: stream.queryPlanes,
            tableBytes: stream.tableBytes,
            streamBytes: stream.rowBytes,
          },
          {
            levels,
            queriesPacked: choices.packed.has(node.inputs[0]),
            keysPacked: choices.packed.has(node.inputs[1]),
            valuesPacked: choices.packed.has(node.inputs[2]),
            packed: choices.packed.has(node.output),
          },
        ],
        equation: `y = spikes of q (k^T v), q and k [${q.shape}], v [${v.shape}]`,
        constants: joinConstants([{ thresholds }]),
      };
    },
  },

  pool: {
    layer(node, { graph, choices }) {
      const x = tensorOf(graph, node.input);
      const y = tensorOf(graph, node.output);
      return {
        kernel: 'pool',
        types: { X: x.type, Y: y.type },
        args: [
          { width: x.shape[1], channels: x.shape[2], columns: y.shape[1] },
          { kernelRows: node.kernel[0], kernelColumns: node.kernel[1] },
          { strideRows: node.stride[0], strideColumns: node.stride[1] },
          { packed: choices.packed.has(node.input) },
        ],
        equation: `y = sums of ${node.kernel.join('x')} windows of the ${x.kind} [${x.shape}], [${y.shape}]`,
        constants: joinConstants([{}]),
      };
    },
  },

  upsample: {
    layer(node, { graph, choices }) {
      const [, width, channels] = tensorOf(graph, node.input).shape;
      return {
        kernel: 'upsample',
        types: {},
        args: [
          { width, channels, factor: node.factor },
          { inputPacked: choices.packed.has(node.input), packed: choices.packed.has(node.output) },
        ],
        equation: definition(node).equation(node, graph).join('; '),
        constants: joinConstants([{}]),
      };
    },
  },
};

const typeOf = (values: Int16Array | Int32Array): 'i16' | 'i32' =>
  values instanceof Int16Array ? 'i16' : 'i32';
