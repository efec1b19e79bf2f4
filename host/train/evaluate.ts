import type { Dataset, Net, NetNeuron, Split } from '../../models/index.js';
import { batchMaker } from './augment.js';
import { ensureBackend } from './backend.js';
import { firingWeights } from './firing.js';
import { checkTrainable, forward } from './forward.js';
import { currentHeap } from './kernels/register.js';
import { toValues, trainedNames, type Values } from './layout.js';
import { countCorrect } from './step.js';
import { type Tensor4D, type TfTensor, tf } from './tf.js';

export type Evaluation = {
  /** Share of images whose highest logit is the label's, 0..1. */
  accuracy: number;
  /**
   * Share of the network's MACs whose input spike count is not zero, 0..1: each neuron's density weighted by the MACs
   * its output enters. Layers on the real-valued image are not counted.
   */
  density: number;
};

/** Accuracy and density of a Net, with running statistics, over one split of a dataset. */
export async function evaluate(
  net: Net,
  data: Dataset,
  split: Split = data.test,
  options: { batch?: number; signal?: AbortSignal } = {},
): Promise<Evaluation> {
  await ensureBackend();
  checkTrainable(net);
  return evaluateValues(net, toValues(net), data, split, options);
}

/** `evaluate` for parameters that are in tfjs's layout already. */
export async function evaluateValues(
  net: Net,
  values: Values,
  data: Dataset,
  split: Split,
  { batch = 250, signal }: { batch?: number; signal?: AbortSignal },
): Promise<Evaluation> {
  const make = batchMaker(data, split);
  const spiking = new Map<string, { spikes: number; size: number }>();
  const observe = (node: NetNeuron, value: Tensor4D) => {
    const total = spiking.get(node.name) ?? { spikes: 0, size: 0 };
    spiking.set(node.name, { spikes: total.spikes + countNonZero(value), size: total.size + value.size });
  };
  let correct = 0;
  for (let start = 0; start < split.count; start += batch) {
    signal?.throwIfAborted();
    const count = Math.min(batch, split.count - start);
    const { images, labels } = make(Uint32Array.from({ length: count }, (_, i) => start + i));
    let logits = new Float32Array();
    tf.tidy(() => {
      const weights = new Map<string, TfTensor>(
        trainedNames(net).map((name) => [name, tf.tensor(values.get(name)!.data, values.get(name)!.shape)]),
      );
      const x = tf.tensor4d(images, [count, ...data.shape]);
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
  const values = currentHeap()?.values(x) ?? x.dataSync();
  let count = 0;
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) count++;
  return count;
}
