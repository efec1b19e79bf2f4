import { isConv, type Net, type NetNeuron, SpikeletError } from '../../models/index.js';
import type { Batch } from './augment.js';
import { forward } from './forward.js';
import { trainedNames, type Values } from './layout.js';
import type { Moments } from './ops.js';
import { type Tensor4D, type TfTensor, tf } from './tf.js';

export type Losses = {
  /** Cross entropy plus penalty. */
  loss: number;
  /** Firing penalty within `loss`: strength * sum of weight * mean spike count. */
  penalty: number;
  correct: number;
  logits: Float32Array;
};

export type StepResult = Losses & {
  /** By parameter, in the layout of `Values`. */
  gradients: Map<string, Float32Array>;
  /** Batch statistics by batch norm. */
  moments: Map<string, Moments>;
};

export type StepOptions = {
  labelSmoothing: number;
  /** Strength of the firing penalty, 0 to turn it off, and each neuron's weight in it. */
  penalty: { strength: number; weights: Map<string, number> };
};

/** One forward and backward pass over a batch. Changes nothing and leaves no tensor behind. */
export function gradientStep(net: Net, values: Values, batch: Batch, options: StepOptions): StepResult {
  const names = trainedNames(net);
  const moments = new Map<string, Moments>();
  const { strength, weights: shares } = options.penalty;
  const share = (node: NetNeuron) => strength * (shares.get(node.name) ?? 0);
  let penalty = 0;
  let logits = new Float32Array();
  let entropy = Number.NaN;
  const gradients = new Map<string, Float32Array>();
  // The tidy returns nothing, because it searches every element of its result for tensors.
  tf.tidy(() => {
    const images = tf.tensor4d(batch.images, [batch.count, ...net.input.shape]);
    const targets = tf.oneHot(tf.tensor1d(batch.labels, 'int32'), net.classes.length);
    const weights = names.map((name) => tf.tensor(values.get(name)!.data, values.get(name)!.shape));
    const { value, grads } = tf.valueAndGrads((...tensors: TfTensor[]) => {
      const y = forward(net, new Map(names.map((name, i) => [name, tensors[i]!])), images, {
        mode: { training: true, seen: (bn, seen) => moments.set(bn, seen) },
        // The penalty is linear in the neuron's value, so its gradient is one constant per neuron.
        extra: (node, elements) => (share(node) * node.divisor) / elements,
        observe: (node, spikes) => {
          if (share(node)) penalty += share(node) * node.divisor * meanOf(spikes);
        },
      });
      logits = y.dataSync() as Float32Array<ArrayBuffer>;
      return tf.losses.softmaxCrossEntropy(targets, y, undefined, options.labelSmoothing) as TfTensor<never>;
    })(weights);
    entropy = value.dataSync()[0]!;
    names.forEach((name, i) => {
      gradients.set(name, grads[i]!.dataSync() as Float32Array);
    });
  });
  const correct = countCorrect(logits, batch.labels);
  return { loss: entropy + penalty, penalty, correct, logits, gradients, moments };
}

const meanOf = (x: Tensor4D): number => tf.tidy(() => tf.mean(x).dataSync()[0]!);

/** Number of rows of logits with their first maximum at the label. */
export function countCorrect(logits: Float32Array, labels: Int32Array): number {
  const classes = logits.length / labels.length;
  let correct = 0;
  for (let i = 0; i < labels.length; i++) {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    let best = 0;
    for (let c = 1; c < classes; c++) if (row[c]! > row[best]!) best = c;
    if (best === labels[i]) correct++;
  }
  return correct;
}

const MOMENTUM = 0.1;

/**
 * Moves the running statistics by 0.1 towards a batch's, in place, as torch does: the variance unbiased, and
 * the mean with the conv's bias, which `forward` omits because the batch's mean cancels it.
 */
export function updateRunning(net: Net, values: Values, moments: Map<string, Moments>): void {
  for (const node of net.nodes) {
    if (!isConv(node) || !node.bn) continue;
    const { bn, bias, name } = node;
    const seen = moments.get(bn);
    if (!seen) continue;
    if (seen.rows < 2)
      throw new SpikeletError(`batch norm '${bn}' gets one value per channel, so it has no variance`, {
        hint: 'train with a larger batch',
      });
    const [mean, variance] = [values.get(`${bn}.running_mean`)!.data, values.get(`${bn}.running_var`)!.data];
    const convBias = bias ? values.get(`${name}.bias`)!.data : undefined;
    const unbiased = seen.rows / (seen.rows - 1);
    for (let c = 0; c < mean.length; c++) {
      mean[c] = (1 - MOMENTUM) * mean[c]! + MOMENTUM * (seen.mean[c]! + (convBias?.[c] ?? 0));
      variance[c] = (1 - MOMENTUM) * variance[c]! + MOMENTUM * unbiased * seen.variance[c]!;
    }
  }
}
