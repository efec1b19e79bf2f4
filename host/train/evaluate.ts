import { type Net, type NetNeuron, product, SpikeletError, type Split } from '../../models/index.js';
import { batchMaker } from './augment.js';
import { ensureBackend } from './backend.js';
import { firingWeights } from './firing.js';
import { checkTrainable, forward } from './forward.js';
import { currentHeap } from './kernels/register.js';
import { toValues, trainedNames, type Values } from './layout.js';
import { countCorrect } from './step.js';
import { type Tensor4D, type TfTensor, tf } from './tf.js';

export type Evaluation = {
  /** Fraction of images whose highest logit is the label's, 0..1. */
  accuracy: number;
  /**
   * Fraction of the network's MACs with a nonzero input spike count, 0..1: each neuron's density weighted by
   * the MACs that its output enters. Layers on the real-valued image are not counted.
   */
  density: number;
};

/** Accuracy and density of a Net, with running statistics, over one split of a dataset. */
export async function evaluate(
  net: Net,
  split: Split,
  options: { batch?: number } = {},
): Promise<Evaluation> {
  const size = split.count * product(net.input.shape);
  if (split.count < 1 || split.images.length !== size || split.labels.length !== split.count)
    throw new SpikeletError(
      `net '${net.name}' takes images of ${net.input.shape.join('x')}, but the dataset does not hold ${split.count} of these`,
      { hint: 'use the dataset that the net was made for' },
    );
  await ensureBackend();
  checkTrainable(net);
  return (await evaluateValues(net, toValues(net), split, options))!;
}

/** `evaluate` for parameters that are already in tfjs's layout; undefined if the signal ends it early. */
export async function evaluateValues(
  net: Net,
  values: Values,
  split: Split,
  { batch = 250, signal }: { batch?: number; signal?: { readonly aborted: boolean } | undefined },
): Promise<Evaluation | undefined> {
  const make = batchMaker(net.input, split);
  const spiking = new Map<string, { spikes: number; size: number }>();
  const observe = (node: NetNeuron, value: Tensor4D) => {
    const total = spiking.get(node.name) ?? { spikes: 0, size: 0 };
    spiking.set(node.name, { spikes: total.spikes + countNonZero(value), size: total.size + value.size });
  };
  let correct = 0;
  for (let start = 0; start < split.count; start += batch) {
    if (signal?.aborted) return undefined;
    const count = Math.min(batch, split.count - start);
    const { images, labels } = make(Uint32Array.from({ length: count }, (_, i) => start + i));
    let logits = new Float32Array();
    tf.tidy(() => {
      const weights = new Map<string, TfTensor>(
        trainedNames(net).map((name) => [name, tf.tensor(values.get(name)!.data, values.get(name)!.shape)]),
      );
      const x = tf.tensor4d(images, [count, ...net.input.shape]);
      const y = forward(net, weights, x, { mode: { training: false, values }, observe });
      logits = y.dataSync() as Float32Array<ArrayBuffer>;
    });
    correct += countCorrect(logits, labels);
    await new Promise(setImmediate);
  }
  let density = 0;
  for (const [name, weight] of firingWeights(net)) {
    const { spikes, size } = spiking.get(name)!;
    density += (weight * spikes) / size;
  }
  return { accuracy: correct / split.count, density };
}

function countNonZero(x: Tensor4D): number {
  const heap = currentHeap();
  if (heap) return heap.kernels.countNonZero(heap.address(x), x.size);
  return (x.dataSync() as Float32Array).reduce((count, value) => (value === 0 ? count : count + 1), 0);
}
