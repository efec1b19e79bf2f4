import { allocate, definition } from '../models/graph.js';
import { isNeuron, type NetAdd, type NetConv, type NetNeuron, netDefinition } from '../models/net.js';
import { type Accumulate, accumulatorRange, finish } from '../models/ops/accumulate.js';
import { union, type Values } from '../models/ops/op.js';
import { affineOf } from '../models/run.js';
import { product } from '../models/tensor.js';
import { correct } from './correction.js';
import { currentsOf } from './currents.js';
import type { Fusing, Fusion } from './fusion.js';
import { inverseCholesky, secondMoments } from './moments.js';
import { scalingOf } from './scaling.js';
import { type Moments, momentsOf } from './statistics.js';
import { thresholdsOf } from './thresholds.js';
import { roundToNearest, roundWithGptq, weightScales } from './weights.js';
import { spikes, type Work } from './work.js';

/** Output positions that GPTQ looks at in each layer. */
const GPTQ_POSITIONS = 4096;

/** Most accumulators of all calibration images that are held at once; beyond that they are computed twice. */
const KEPT_BYTES = 2 ** 28;

/** What is made of a conv's sums, and the node that is fused into it. */
type FusedEnd =
  | { kind: 'fire'; neuron: NetNeuron }
  | { kind: 'charge'; add?: { node: NetAdd; residual: string } }
  | { kind: 'readout' };

type EachCurrent = (visit: (current: Int32Array, image: number) => void) => void;

/**
 * A conv whose only reader is a neuron fires; one that is added to a stream charges it; the last one is the
 * readout.
 */
export function fuseConv(conv: NetConv, fusing: Fusing): Fusion {
  if (fusing.kind(conv.input) === 'membrane')
    fusing.refuse(conv.name, `reads the real-valued '${conv.input}'`);
  const end = endOf(conv, fusing);
  const add = end.kind === 'charge' ? end.add : undefined;
  return {
    output: end.kind === 'fire' ? end.neuron.name : (add?.node.name ?? conv.name),
    kind: ({ fire: 'spikes', charge: 'membrane', readout: 'logits' } as const)[end.kind],
    reads: add ? [conv.input, add.residual] : [conv.input],
    build: (work) => accumulateNode(work, conv, end),
  };
}

function endOf(conv: NetConv, { isLast, onlyReader, kind, isBefore }: Fusing): FusedEnd {
  if (isLast(conv)) return { kind: 'readout' };
  const reader = onlyReader(conv.name);
  if (isNeuron(reader)) return { kind: 'fire', neuron: reader };
  if (!reader || !netDefinition(reader).sums) return { kind: 'charge' };
  const node = reader as NetAdd;
  const residual = node.inputs.find((name) => name !== conv.name);
  return residual !== undefined && isBefore(residual, conv.name) && kind(residual) === 'membrane'
    ? { kind: 'charge', add: { node, residual } }
    : { kind: 'charge' };
}

function accumulateNode(work: Work, conv: NetConv, end: FusedEnd): Accumulate {
  const { graph, ranges } = work;
  const weights = `${conv.name}.weight`;
  const output =
    end.kind === 'fire' ? end.neuron.name : end.kind === 'charge' && end.add ? end.add.node.name : conv.name;
  const { bits } = work.options;
  const draft: Accumulate = {
    op: 'accumulate',
    name: conv.name,
    input: conv.input,
    output,
    out: conv.out,
    kernel: conv.kernel,
    stride: conv.stride,
    padding: conv.padding,
    groups: conv.groups,
    weights,
    bits,
    end: { kind: 'fire', thresholds: '' },
  };
  const shape = work.shapes.get(conv.name)!;
  graph.tensors[output] =
    end.kind === 'fire'
      ? spikes(shape, end.neuron.levels, end.neuron.divisor)
      : { kind: 'membrane', type: 'i16', shape, scale: work.streamUnit(output) };
  const { scale, offset } = quantizeWeights(work, draft, conv);
  const range = accumulatorRange(draft, graph, ranges.get(conv.input)!);
  const eachCurrent = currentsOfSamples(work, draft);
  if (work.options.correction !== 'none') {
    const integer: Moments[] = [];
    eachCurrent((current) => void integer.push(momentsOf(current, conv.out)));
    correct(work.options.correction, work.float.moments.get(conv.name)!, integer, scale, offset);
  }

  if (end.kind === 'fire') {
    const { levels } = end.neuron;
    const thresholds = new Int32Array(conv.out * levels);
    for (let o = 0; o < conv.out; o++)
      thresholds.set(thresholdsOf(scale[o]!, offset[o]!, levels, range.lo[o]!, range.hi[o]!), o * levels);
    graph.data.set(`${conv.name}.thresholds`, thresholds);
    draft.end = { kind: 'fire', thresholds: `${conv.name}.thresholds` };
  } else {
    const tensor = graph.tensors[output]!;
    if (end.kind === 'readout') {
      // One common unit, as fine as 30 bits allow.
      const largest = Math.max(
        ...scale.map((s, o) => s * Math.max(-range.lo[o]!, range.hi[o]!) + Math.abs(offset[o]!)),
      );
      graph.tensors[output] = { ...tensor, kind: 'logits', type: 'i32', scale: (largest || 1) / 2 ** 30 };
    }
    const unit = graph.tensors[output]!.scale;
    const perUnit = (values: Float64Array) => values.map((v) => v / unit);
    const scaling = scalingOf(
      conv.name,
      perUnit(scale),
      perUnit(offset),
      range,
      end.kind === 'readout' ? 0 : 30,
    );
    graph.data.set(`${conv.name}.multiplier`, scaling.multiplier);
    graph.data.set(`${conv.name}.bias`, scaling.bias);
    const keys = { multiplier: `${conv.name}.multiplier`, bias: `${conv.name}.bias`, shift: scaling.shift };
    draft.end =
      end.kind === 'readout'
        ? { kind: 'readout', ...keys }
        : { kind: 'charge', ...keys, ...(end.add ? { residual: end.add.residual } : {}), saturate: false };
  }
  return finishAccumulate(work, draft, eachCurrent);
}

/**
 * Visits a layer's accumulators, image by image; keeps them for the next visit unless that takes too much
 * memory.
 */
function currentsOfSamples(work: Work, node: Accumulate): EachCurrent {
  const samples = work.samples.get(node.input)!;
  const compute = currentsOf(node, work.graph);
  const bytes = 4 * product(work.graph.tensors[node.output]!.shape) * samples.length;
  const kept = bytes <= KEPT_BYTES ? samples.map(compute) : undefined;
  return (visit) => {
    samples.forEach((x, i) => void visit(kept?.[i] ?? compute(x), i));
  };
}

/** Proves the node, saturating the stream only where the proof needs it, and computes its outputs. */
function finishAccumulate(work: Work, node: Accumulate, eachCurrent: EachCurrent): Accumulate {
  const op = definition(node);
  const inputs = op.inputs(node);
  const ranges = inputs.map((name) => work.ranges.get(name)!);
  let proof = op.prove(node, work.graph, ranges);
  const { lo, hi } = union(proof.output);
  if (node.end.kind === 'charge' && (lo < -32768 || hi > 32767)) {
    node.end.saturate = true;
    proof = op.prove(node, work.graph, ranges);
  }
  work.ranges.set(node.output, proof.output);
  const residual =
    node.end.kind === 'charge' && node.end.residual ? work.samples.get(node.end.residual)! : [];
  const outputs: Values[] = [];
  eachCurrent((current, i) => {
    const output = allocate(work.graph.tensors[node.output]!);
    finish(node, work.graph, current, residual[i], output);
    outputs.push(output);
  });
  work.samples.set(node.output, outputs);
  return node;
}

/** PyTorch's [out, in / groups, rows, columns] as a Graph's [out][rows][columns][in / groups]. */
function graphLayout(w: Float32Array, conv: NetConv): Float32Array {
  const inputs = conv.in / conv.groups;
  const taps = product(conv.kernel);
  return w.map((_, at) => {
    const ci = at % inputs;
    const tap = Math.floor(at / inputs) % taps;
    const o = Math.floor(at / (inputs * taps));
    return w[(o * inputs + ci) * taps + tap]!;
  });
}

/**
 * Rounds a layer's weights into the Graph and returns what its accumulator means: y = scale * acc + offset
 * per channel, bias and batch norm included. A negative batch norm scale flips the weights' signs, so scale
 * is never negative.
 */
function quantizeWeights(
  work: Work,
  node: Accumulate,
  conv: NetConv,
): { scale: Float64Array; offset: Float64Array } {
  const { net, graph, options } = work;
  const float = graphLayout(net.params.get(`${conv.name}.weight`)!.data as Float32Array, conv);
  const { scale: norm, offset } = affineOf(net, conv);
  const size = float.length / conv.out;
  const signed = float.map((w, i) => (norm[Math.floor(i / size)]! < 0 ? -w : w));
  const weightScale = weightScales(signed, conv.out, options.bits);
  const q =
    options.rounding === 'gptq'
      ? roundWithGptq(signed, weightScale, options.bits, inverseMoments(work, node, size))
      : roundToNearest(signed, weightScale, options.bits);
  graph.data.set(node.weights, q);
  const unit = graph.tensors[conv.input]!.scale;
  return { scale: norm.map((a, o) => Math.abs(a) * weightScale[o]! * unit), offset };
}

function inverseMoments(work: Work, node: Accumulate, size: number): Float64Array[] {
  const shapes = [work.shapes.get(node.input)!, work.shapes.get(node.name)!] as const;
  const moments = secondMoments(node, ...shapes, work.samples.get(node.input)!, GPTQ_POSITIONS);
  return moments.map((m) => inverseCholesky(m, size));
}
