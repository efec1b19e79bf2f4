import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { readBytes } from '../../../../dist/host/system/files.js';
import { inputsOf, type Net, type NetConv, type NetNode, readNet } from '../../../../dist/models/index.js';
import { fold, unitsOf } from '../onnx/parts.js';
import type { Engine } from './engine.js';

type Map4D = tf.Tensor4D;
type Step = (inputs: Map4D[]) => Map4D;

/** tfjs' WebAssembly backend with SIMD, float32, by its own ops. In Node it has one thread. */
export const tfjs: Engine = async ({ model, images, shape }) => {
  const folder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
  setWasmPaths(folder + sep);
  if (!(await tf.setBackend('wasm'))) throw new Error("tfjs cannot set up its backend 'wasm'");
  const net = readNet(await readBytes(model), model);
  const inputs = images.map((image) => tf.tensor4d(image as Float32Array, [1, ...shape]));
  const units = unitsOf(net);
  const steps = net.nodes.map((node) => ({ node, step: stepOf(net, node, units) }));
  const run = (image: number) => {
    const logits = tf.tidy(() => {
      const values = new Map([['input', inputs[image]!]]);
      for (const { node, step } of steps)
        values.set(node.name, step(inputsOf(node).map((name) => values.get(name)!)));
      return values.get(net.nodes.at(-1)!.name)!;
    });
    const data = logits.dataSync();
    logits.dispose();
    return data;
  };
  return { run, threads: 1, runtimeBytes: (await stat(join(folder, 'tfjs-backend-wasm-simd.wasm'))).size };
};

function stepOf(net: Net, node: NetNode, units: Map<string, number>): Step {
  const plain = (x: Map4D, name: string): Map4D => (units.get(name) === 1 ? x : tf.mul(x, units.get(name)!));
  switch (node.op) {
    case 'conv':
      return conv(net, node, units.get(node.input)!);
    case 'neuron':
      return ([x]) => tf.round(tf.clipByValue(plain(x!, node.input), 0, node.levels));
    case 'add':
      return ([x, y]) => tf.add(plain(x!, node.inputs[0]), plain(y!, node.inputs[1]));
    case 'pool':
      return ([x]) => tf.mean(x!, [1, 2], true);
    case 'attend':
      return ([q, k, v]) => {
        const split = (x: Map4D): tf.Tensor3D => {
          const [, rows, columns, channels] = x.shape;
          const heads = tf.reshape(x, [rows * columns, node.heads, channels / node.heads]);
          return tf.transpose(heads as tf.Tensor3D, [1, 0, 2]);
        };
        const product = tf.matMul(split(q!), tf.matMul(split(k!), split(v!), true));
        return tf.reshape(tf.transpose(product, [1, 0, 2]), v!.shape);
      };
  }
}

function conv(net: Net, node: NetConv, unit: number): Step {
  const { weights, bias, dims } = fold(net, node);
  const depthwise = node.groups === node.in && node.out === node.in && node.groups > 1;
  if (!depthwise && node.groups !== 1) throw new Error(`tfjs has no convolution of ${node.groups} groups`);
  const order = depthwise ? [2, 3, 0, 1] : [2, 3, 1, 0];
  const filter = tf.tidy(
    () =>
      tf.transpose(
        tf.tensor4d(
          weights.map((w) => w * unit),
          dims as Map4D['shape'],
        ),
        order,
      ) as Map4D,
  );
  const [pad, columns] = node.padding;
  if (pad !== columns) throw new Error(`tfjs fuses no convolution with padding ${node.padding.join('x')}`);
  const options = { filter, strides: node.stride, pad, bias: tf.tensor1d(bias) };
  return ([x]) =>
    depthwise ? tf.fused.depthwiseConv2d({ ...options, x: x! }) : tf.fused.conv2d({ ...options, x: x! });
}
