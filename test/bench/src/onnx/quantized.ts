import {
  inputsOf,
  type Net,
  type NetConv,
  type NetNode,
  netShapes,
  type Shape,
} from '../../../../dist/models/index.js';
import { ModelBuilder } from './model.js';
import { attention, convAttributes, fold, isDense } from './parts.js';

/** A value as uint8 with its scale and zero point, or as float32 (no scale). */
type Value = { name: string; scale?: number; zero?: number };

/** For real values that are not spike counts: symmetric about it. */
const ZERO = 128;

/**
 * A Net as an ONNX model in QDQ form: weights int8 with one scale per output channel, everything else uint8,
 * for an image given as uint8 (`image` [1, channels, rows, columns], pixel + 128). Spike counts are exact:
 * the neuron is a QuantizeLinear with scale 1 (which rounds half to even) and a Clip in uint8, so a
 * convolution between two neurons becomes one QLinearConv. Residual streams are uint8 too, with `largest`
 * magnitudes seen on calibration images; attention is exact, its first product MatMulInteger.
 */
export function quantizedModel(
  net: Net,
  pixelScale: number,
  largest: ReadonlyMap<string, number>,
): Uint8Array {
  const b = new ModelBuilder();
  const shapes = netShapes(net);
  const readers = readersOf(net);
  const input: Value = { name: 'image', scale: pixelScale, zero: ZERO };
  const values = new Map<string, Value>([['input', input]]);
  for (const node of net.nodes) {
    // A neuron that alone reads a convolution is computed with it.
    if (values.has(node.name)) continue;
    const inputs = inputsOf(node).map((name) => values.get(name)!);
    const result = lower(b, net, node, inputs, shapes);
    const only = readers.get(node.name) ?? [];
    const quantize = node.op === 'add' || (node.op === 'conv' && only.length > 0);
    if (only.length === 1 && only[0]!.op === 'neuron') values.set(only[0]!.name, fire(b, only[0]!, result));
    else if (quantize) values.set(node.name, toUint8(b, result.name, largest.get(node.name)! / 127));
    else values.set(node.name, result);
  }
  const [rows, columns, channels] = net.input.shape;
  const last = dequantized(b, values.get(net.nodes.at(-1)!.name)!);
  return b.finish(
    net.name,
    { name: 'image', type: 'uint8', shape: [1, channels, rows, columns] },
    b.add('Reshape', [last, b.shape([1, net.classes.length])]),
    { name: 'logits', type: 'float', shape: [1, net.classes.length] },
  );
}

function readersOf(net: Net): Map<string, NetNode[]> {
  const readers = new Map<string, NetNode[]>();
  for (const node of net.nodes)
    for (const name of inputsOf(node)) readers.set(name, [...(readers.get(name) ?? []), node]);
  return readers;
}

const parameters = (b: ModelBuilder, scale: number, zero: number): [string, string] => [
  b.scalar('float', scale),
  b.scalar('uint8', zero),
];

const toUint8 = (b: ModelBuilder, name: string, scale: number): Value => ({
  name: b.add('QuantizeLinear', [name, ...parameters(b, scale, ZERO)]),
  scale,
  zero: ZERO,
});

/** Every reader gets its own DequantizeLinear: onnxruntime fuses groups that share nothing. */
const dequantized = (b: ModelBuilder, { name, scale, zero }: Value): string =>
  scale === undefined ? name : b.add('DequantizeLinear', [name, ...parameters(b, scale, zero ?? 0)]);

function fire(b: ModelBuilder, node: Extract<NetNode, { op: 'neuron' }>, input: Value): Value {
  const counts = b.add('QuantizeLinear', [dequantized(b, input), ...parameters(b, 1, 0)]);
  const clipped = b.add('Clip', [counts, b.scalar('uint8', 0), b.scalar('uint8', node.levels)]);
  return { name: clipped, scale: 1 / node.divisor, zero: 0 };
}

function lower(b: ModelBuilder, net: Net, node: NetNode, inputs: Value[], shapes: Map<string, Shape>): Value {
  switch (node.op) {
    case 'conv':
      return { name: conv(b, net, node, inputs[0]!, shapes.get(node.input)!) };
    case 'neuron':
      return fire(b, node, inputs[0]!);
    case 'add':
      return {
        name: b.add(
          'Add',
          inputs.map((input) => dequantized(b, input)),
        ),
      };
    case 'attend': {
      const [q, k, v] = inputs.map(({ name }) => name) as [string, string, string];
      const [keys, , wide] = node.inputs.map((name) => shapes.get(name)!) as [Shape, Shape, Shape];
      const toFloat = (name: string) => b.add('Cast', [name], { to: 1 });
      const outer = (x: string, y: string) => toFloat(b.add('MatMulInteger', [x, y]));
      const inner = (x: string, y: string) => b.add('MatMul', [x, toFloat(y)]);
      const product = attention(b, [q, k, v], node.heads, [keys, wide], outer, inner);
      const unit = inputs.reduce((scale, input) => scale * (input.scale ?? 1), node.scale);
      return { name: b.add('Mul', [product, b.scalar('float', unit)]) };
    }
    case 'pool':
      return { name: b.add('GlobalAveragePool', [dequantized(b, inputs[0]!)]) };
  }
}

function conv(b: ModelBuilder, net: Net, node: NetConv, input: Value, shape: Shape): string {
  const { weights, bias, dims } = fold(net, node);
  const perOutput = weights.length / node.out;
  const scales = new Float32Array(node.out).fill(2 ** -20);
  weights.forEach((w, i) => {
    const o = Math.floor(i / perOutput);
    scales[o] = Math.max(scales[o]!, Math.abs(w) / 127);
  });
  const rounded = Int8Array.from(weights, (w, i) => Math.round(w / scales[Math.floor(i / perOutput)]!));
  const biasScales = scales.map((scale) => scale * (input.scale ?? 1));
  const roundedBias = Int32Array.from(bias, (x, o) => Math.round(x / biasScales[o]!));
  const dense = isDense(node, shape);
  const constant = (
    part: string,
    type: 'int8' | 'int32',
    size: number[],
    data: Int8Array | Int32Array,
    s: Float32Array,
  ) =>
    b.add(
      'DequantizeLinear',
      [
        b.constant(`${node.name}.${part}`, type, size, data),
        b.constant(`${node.name}.${part}.scale`, 'float', [node.out], s),
        b.constant(`zero.${type}.${node.out}`, type, [node.out], data.slice(0, node.out).fill(0)),
      ],
      { axis: 0 },
    );
  const w = constant('w', 'int8', dense ? [node.out, node.in] : dims, rounded, scales);
  const biasName = constant('b', 'int32', [node.out], roundedBias, biasScales);
  if (!dense) return b.add('Conv', [dequantized(b, input), w, biasName], convAttributes(node));
  const row = { ...input, name: b.add('Reshape', [input.name, b.shape([1, node.in])]) };
  const product = b.add('Gemm', [dequantized(b, row), w, biasName], { transB: 1 });
  return b.add('Reshape', [product, b.shape([1, node.out, 1, 1])]);
}
