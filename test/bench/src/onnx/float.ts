import {
  inputsOf,
  type Net,
  type NetConv,
  type NetNode,
  netShapes,
  type Shape,
} from '../../../../dist/models/index.js';
import { ModelBuilder } from './model.js';
import { attention, convAttributes, fold, isDense, unitsOf } from './parts.js';

/**
 * A Net as a float32 ONNX model: input `image` [1, channels, rows, columns] of normalised values, output
 * `logits`. Batch norms are folded; the SFA neuron is Clip and Round (ONNX rounds half to even, as the neuron
 * does).
 */
export function floatModel(net: Net): Uint8Array {
  const b = new ModelBuilder();
  const shapes = netShapes(net);
  const units = unitsOf(net);
  const names = new Map([['input', 'image']]);
  for (const node of net.nodes) {
    const inputs = inputsOf(node).map((name) => names.get(name)!);
    names.set(node.name, lower(b, net, node, inputs, shapes, units));
  }
  const [rows, columns, channels] = net.input.shape;
  return b.finish(
    net.name,
    { name: 'image', type: 'float', shape: [1, channels, rows, columns] },
    b.add('Reshape', [names.get(net.nodes.at(-1)!.name)!, b.shape([1, net.classes.length])]),
    { name: 'logits', type: 'float', shape: [1, net.classes.length] },
  );
}

function lower(
  b: ModelBuilder,
  net: Net,
  node: NetNode,
  names: string[],
  shapes: Map<string, Shape>,
  units: Map<string, number>,
): string {
  const plain = (input: number): string => {
    const unit = units.get(inputsOf(node)[input]!)!;
    return unit === 1 ? names[input]! : b.add('Mul', [names[input]!, b.scalar('float', unit)]);
  };
  switch (node.op) {
    case 'conv':
      return conv(b, net, node, names[0]!, units.get(node.input)!, shapes.get(node.input)!);
    case 'neuron':
      return b.add('Round', [
        b.add('Clip', [plain(0), b.scalar('float', 0), b.scalar('float', node.levels)]),
      ]);
    case 'add':
      return b.add('Add', [plain(0), plain(1)]);
    case 'attend': {
      const matMul = (x: string, y: string) => b.add('MatMul', [x, y]);
      const [q, , v] = node.inputs.map((name) => shapes.get(name)!) as [Shape, Shape, Shape];
      return attention(b, names as [string, string, string], node.heads, [q, v], matMul, matMul);
    }
    case 'pool':
      return b.add('GlobalAveragePool', names);
  }
}

function conv(b: ModelBuilder, net: Net, node: NetConv, input: string, unit: number, shape: Shape): string {
  const { weights, bias, dims } = fold(net, node);
  const scaled = weights.map((w) => w * unit);
  const biasName = b.constant(`${node.name}.b`, 'float', [node.out], bias);
  if (!isDense(node, shape)) {
    const w = b.constant(`${node.name}.w`, 'float', dims, scaled);
    return b.add('Conv', [input, w, biasName], convAttributes(node));
  }
  const row = b.add('Reshape', [input, b.shape([1, node.in])]);
  const matrix = b.constant(`${node.name}.w`, 'float', [node.out, node.in], scaled);
  return b.add('Reshape', [
    b.add('Gemm', [row, matrix, biasName], { transB: 1 }),
    b.shape([1, node.out, 1, 1]),
  ]);
}
