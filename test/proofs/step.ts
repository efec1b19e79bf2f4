import { adamStep } from '../../host/train/adamw.js';
import { useBackend } from '../../host/train/backend.js';
import { startRun } from '../../host/train/state.js';
import { gradientStep, updateRunning } from '../../host/train/step.js';
import { tf } from '../../host/train/tf.js';
import { countParams, createNet } from '../../models/index.js';
import { verdict } from './cli.js';

/**
 * `npm run bench -- step`: CPU time of one training step (forward, backward, AdamW) at batch 64 of a `tiny`
 * of about 54,000 parameters, alternated with a plain matMul of the same backend, so that another machine can
 * be compared. torch on one thread takes 48 ms for such a net (measured elsewhere, on a machine like the one
 * the goal was set on).
 */
const TORCH_MS = 48;
const [M, K, N] = [25088, 144, 32];
const BATCH = 64;
const REPEATS = 15;

const backend = await useBackend();
let state = 1;
const random = (): number => {
  state = (state * 48271) % 2147483647;
  return state / 2147483647;
};
const input = { shape: [28, 28, 1] as [number, number, number], mean: [0.286], std: [0.353] };
const classes = Array.from({ length: 10 }, (_, i) => String(i));
const net = createNet('tiny', input, classes, random, { widths: [16, 24] });
const run = startRun(net);
const batch = {
  count: BATCH,
  images: Float32Array.from({ length: BATCH * 784 }, () => random() * 2.8 - 0.8),
  labels: Int32Array.from({ length: BATCH }, (_, i) => i % 10),
};

const cpuMs = (work: () => void): number => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};
const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;

const step = (): void => {
  const found = gradientStep(net, run.values, batch, {
    labelSmoothing: 0.05,
    penalty: { strength: 0, weights: new Map() },
  });
  updateRunning(net, run.values, found.moments);
  adamStep(run.values, run.adam, found.gradients, { learningRate: 1e-3, weightDecay: 1e-2 });
};
const [a, b] = [tf.randomNormal([M, K]), tf.randomNormal([K, N])];
const matMul = (): void =>
  tf.tidy(() => {
    // Not returned: tidy would search an array's every element for tensors.
    tf.matMul(a, b).dataSync();
  });

const times = { step: [] as number[], matMul: [] as number[] };
for (let i = -3; i < REPEATS; i++) {
  const [stepMs, matMulMs] = [cpuMs(step), cpuMs(matMul)];
  // The first rounds only warm up.
  if (i < 0) continue;
  times.step.push(stepMs);
  times.matMul.push(matMulMs);
}
const [stepMs, matMulMs] = [median(times.step), median(times.matMul)];
console.log(`${backend} backend, ${countParams(net)} parameters, batch ${BATCH}, medians of ${REPEATS}`);
console.log(
  `matMul ${M} x ${K} x ${N}: ${matMulMs.toFixed(1)} ms CPU, ${((M * K * N) / matMulMs / 1e6).toFixed(1)} GMAC/s`,
);
const ratio = stepMs / TORCH_MS;
verdict(
  'one training step',
  `${stepMs.toFixed(0)} ms CPU, ${ratio.toFixed(2)} x torch`,
  '<= 4.5 x',
  ratio <= 4.5,
);
