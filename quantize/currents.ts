import type { Graph } from '../models/graph.js';
import type { Accumulate } from '../models/ops/accumulate.js';
import type { Values } from '../models/ops/op.js';
import { product } from '../models/tensor.js';

/**
 * Prepares the accumulators of one layer for many images: the same integers as `currents` of models/ops, by
 * events. Zeros are skipped and every other input adds a run of weights, so calibration costs what the spikes
 * cost.
 */
export function currentsOf(node: Accumulate, graph: Graph): (x: Values) => Int32Array {
  const [height, width, channels] = graph.tensors[node.input]!.shape;
  const [rows, columns, out] = graph.tensors[node.output]!.shape;
  const [kernelRows, kernelColumns] = node.kernel;
  const outputs = out / node.groups;
  const add = node.groups === channels && channels === out ? addDepthwise : addEvents;
  const window: Window = {
    weights: transposed(node, graph),
    channels,
    inputs: channels / node.groups,
    outputs,
    positions: new Int32Array(kernelRows * kernelColumns),
    taps: new Int32Array(kernelRows * kernelColumns),
    size: 0,
  };
  return (x) => {
    const current = new Int32Array(rows * columns * out);
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++) {
        window.size = 0;
        for (let i = 0; i < kernelRows; i++) {
          const row = r * node.stride[0] - node.padding[0] + i;
          if (row < 0 || row >= height) continue;
          for (let j = 0; j < kernelColumns; j++) {
            const column = c * node.stride[1] - node.padding[1] + j;
            if (column < 0 || column >= width) continue;
            window.positions[window.size] = (row * width + column) * channels;
            window.taps[window.size++] = (i * kernelColumns + j) * channels * outputs;
          }
        }
        const at = (r * columns + c) * out;
        add(window, x, current.subarray(at, at + out));
      }
    return current;
  };
}

/**
 * What the accumulators of one position read: where each tap inside the map begins in the input and in the
 * weights.
 */
type Window = {
  /** [tap][in][out / groups]. */
  weights: Int8Array;
  channels: number;
  /** Of one group. */
  inputs: number;
  outputs: number;
  positions: Int32Array;
  taps: Int32Array;
  size: number;
};

function addDepthwise({ weights, channels, positions, taps, size }: Window, x: Values, sums: Int32Array) {
  for (let t = 0; t < size; t++) {
    const from = positions[t]!;
    const w = taps[t]!;
    for (let c = 0; c < channels; c++) sums[c] = (sums[c]! + Math.imul(x[from + c]!, weights[w + c]!)) | 0;
  }
}

function addEvents(window: Window, x: Values, sums: Int32Array): void {
  const { weights, channels, inputs, outputs, positions, taps, size } = window;
  for (let first = 0; first < channels; first += inputs) {
    const to = (first / inputs) * outputs;
    // Four events at a time, so that a sum is loaded and stored once for four additions.
    let [n0, n1, n2, w0, w1, w2, held] = [0, 0, 0, 0, 0, 0, 0];
    for (let t = 0; t < size; t++)
      for (let ci = first; ci < first + inputs; ci++) {
        const value = x[positions[t]! + ci]!;
        if (value === 0) continue;
        const w = taps[t]! + ci * outputs;
        if (held === 0) [n0, w0] = [value, w];
        else if (held === 1) [n1, w1] = [value, w];
        else if (held === 2) [n2, w2] = [value, w];
        else {
          for (let o = 0; o < outputs; o++)
            sums[to + o] =
              (sums[to + o]! +
                Math.imul(n0, weights[w0 + o]!) +
                Math.imul(n1, weights[w1 + o]!) +
                Math.imul(n2, weights[w2 + o]!) +
                Math.imul(value, weights[w + o]!)) |
              0;
        }
        held = (held + 1) & 3;
      }
    if (held < 1) n0 = 0;
    if (held < 2) n1 = 0;
    if (held < 3) n2 = 0;
    if (held)
      for (let o = 0; o < outputs; o++)
        sums[to + o] =
          (sums[to + o]! +
            Math.imul(n0, weights[w0 + o]!) +
            Math.imul(n1, weights[w1 + o]!) +
            Math.imul(n2, weights[w2 + o]!)) |
          0;
  }
}

/** A Graph's [out][rows][columns][in / groups] as [rows][columns][in][out / groups]. */
function transposed(node: Accumulate, graph: Graph): Int8Array {
  const weights = graph.data.get(node.weights) as Int8Array;
  const channels = graph.tensors[node.input]!.shape[2];
  const inputs = channels / node.groups;
  const outputs = node.out / node.groups;
  const taps = product(node.kernel);
  const result = new Int8Array(weights.length);
  let at = 0;
  for (let o = 0; o < node.out; o++)
    for (let tap = 0; tap < taps; tap++)
      for (let ci = 0; ci < inputs; ci++) {
        const channel = Math.floor(o / outputs) * inputs + ci;
        result[(tap * channels + channel) * outputs + (o % outputs)] = weights[at++]!;
      }
  return result;
}
