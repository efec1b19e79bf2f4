import { type Graph, type GraphNode, type Op, product, valueRange } from '../../models/index.js';
import type { Accumulate } from '../../models/ops/accumulate.js';
import { levelsOf } from '../../models/ops/fire.js';

/** How one node becomes a call of its kernel (assembly/<op>.ts). */
export type Layer = {
  /** Types and constants of the call, each line with what it means. Equal lines are one function. */
  types: string[];
  geometry: { values: (number | boolean | string)[]; meaning: string }[];
  /** The equation, for the generated function's comment. */
  equation: string;
};

/** A node's constant arrays in the kernel's layout, by their field in assembly/node.ts. */
export type Constants = {
  weights?: Int8Array;
  /** In 16 bits where all of a node's fit. */
  thresholds?: Int16Array | Int32Array;
  multiplier?: Int32Array;
  bias?: Int32Array;
  shift?: number;
};

type LayerOf<N> = {
  layer(node: N, graph: Graph): Layer;
  constants(node: N, graph: Graph): Constants;
};

const tensorOf = (graph: Graph, name: string) => graph.tensors[name]!;
const int32 = (graph: Graph, key: string) => graph.data.get(key) as Int32Array;

const thresholds = (graph: Graph, key: string): Int16Array | Int32Array => {
  const values = int32(graph, key);
  const { lo, hi } = valueRange.i16;
  return values.every((value) => value >= lo && value <= hi) ? Int16Array.from(values) : values;
};

const typeOf = (values: Int16Array | Int32Array) => (values instanceof Int16Array ? 'i16' : 'i32');

/** Every op's way into WebAssembly. */
const layers: { [O in Op]: LayerOf<Extract<GraphNode, { op: O }>> } = {
  accumulate: {
    layer(node, graph) {
      const { end } = node;
      const x = tensorOf(graph, node.input);
      const y = tensorOf(graph, node.output);
      const residual = end.kind === 'charge' && end.residual !== undefined;
      const residualType = residual ? tensorOf(graph, end.residual!).type : y.type;
      const saturate = end.kind === 'charge' && end.saturate;
      const levels = end.kind === 'fire' ? levelsOf(graph, node.output) : 0;
      return {
        types: [
          x.type,
          residualType,
          y.type,
          end.kind === 'fire' ? typeOf(thresholds(graph, end.thresholds)) : 'i32',
        ],
        geometry: [
          { values: x.shape, meaning: 'rows, columns and channels of the input' },
          { values: y.shape.slice(1), meaning: 'columns and channels of the output' },
          {
            values: [...node.kernel, ...node.stride, ...node.padding, node.groups],
            meaning: 'kernel, stride, padding, groups',
          },
          {
            values: [{ fire: 'End.Fire', charge: 'End.Charge', readout: 'End.Readout' }[end.kind], levels],
            meaning: 'end, levels',
          },
          { values: [residual, saturate], meaning: 'residual, saturate' },
        ],
        equation: `sums = ${node.kernel.join('x')} convolution of ${x.kind} [${x.shape}], ${
          {
            fire: 'y = spikes of the sums',
            charge: `y = ${residual ? 'residual + ' : ''}((sums * multiplier + bias) >> shift)`,
            readout: 'y = (sums * multiplier + bias) >> shift',
          }[end.kind]
        }, ${y.kind} [${y.shape}]`,
      };
    },
    constants: (node, graph) => ({
      weights: repack(node, graph),
      ...(node.end.kind === 'fire'
        ? { thresholds: thresholds(graph, node.end.thresholds) }
        : {
            multiplier: int32(graph, node.end.multiplier),
            bias: int32(graph, node.end.bias),
            shift: node.end.shift,
          }),
    }),
  },

  fire: {
    layer(node, graph) {
      const x = tensorOf(graph, node.input);
      const levels = levelsOf(graph, node.output);
      const shared = int32(graph, node.thresholds).length === levels;
      return {
        types: [x.type, typeOf(thresholds(graph, node.thresholds))],
        geometry: [
          { values: x.shape.slice(1), meaning: 'columns and channels' },
          { values: [levels, shared], meaning: 'levels, one row of thresholds for all channels' },
        ],
        equation: `y = spikes of the ${x.kind} [${x.shape}]`,
      };
    },
    constants: (node, graph) => ({ thresholds: thresholds(graph, node.thresholds) }),
  },

  attend: {
    layer(node, graph) {
      const q = tensorOf(graph, node.inputs[0]);
      const v = tensorOf(graph, node.inputs[2]);
      return {
        types: [typeOf(thresholds(graph, node.thresholds))],
        geometry: [
          { values: q.shape, meaning: 'rows, columns and channels of queries and keys' },
          { values: [v.shape[2], node.heads], meaning: 'channels of the values, heads' },
          { values: [levelsOf(graph, node.output)], meaning: 'levels' },
        ],
        equation: `y = spikes of q (k^T v), q and k [${q.shape}], v [${v.shape}]`,
      };
    },
    constants: (node, graph) => ({ thresholds: thresholds(graph, node.thresholds) }),
  },

  pool: {
    layer(node, graph) {
      const x = tensorOf(graph, node.input);
      const y = tensorOf(graph, node.output);
      return {
        types: [x.type, y.type],
        geometry: [
          { values: x.shape.slice(1), meaning: 'columns and channels of the input' },
          { values: [y.shape[1]], meaning: 'columns of the output' },
          { values: [...node.kernel, ...node.stride], meaning: 'window, stride' },
        ],
        equation: `y = sums of ${node.kernel.join('x')} windows of the ${x.kind} [${x.shape}], [${y.shape}]`,
      };
    },
    constants: () => ({}),
  },
};

const layerOf = (node: GraphNode): LayerOf<GraphNode> => layers[node.op] as LayerOf<GraphNode>;

export const layerFor = (node: GraphNode, graph: Graph): Layer => layerOf(node).layer(node, graph);

export const constantsOf = (node: GraphNode, graph: Graph): Constants => layerOf(node).constants(node, graph);

/**
 * Weights [out][kernel rows][kernel columns][inputs of a group] as [kernel rows][kernel columns][input][output of its
 * group]: a spike then adds one contiguous run of weights.
 */
function repack(node: Accumulate, graph: Graph): Int8Array {
  const weights = graph.data.get(node.weights) as Int8Array;
  const taps = product(node.kernel);
  const inputs = tensorOf(graph, node.input).shape[2] / node.groups;
  const outputs = node.out / node.groups;
  const packed = new Int8Array(weights.length);
  let at = 0;
  for (let tap = 0; tap < taps; tap++)
    for (let group = 0; group < node.groups; group++)
      for (let ci = 0; ci < inputs; ci++)
        for (let o = 0; o < outputs; o++)
          packed[at++] = weights[((group * outputs + o) * taps + tap) * inputs + ci]!;
  return packed;
}
