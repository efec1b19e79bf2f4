import { join } from 'node:path';
import { percent } from '../../host/report/text.js';
import { shared } from '../support/shared.js';
import { folder, result, verdict } from './cli.js';

/**
 * `npm run bench -- train`: what training on Fashion-MNIST reaches, by the command line alone, and how long
 * it takes. About 10 minutes of CPU. Leaves tiny-4.safetensors for `npm run bench -- sparse`.
 */
const data = shared('data/fashion-mnist');
if (!data) {
  console.log('skipped: ../shared/data/fashion-mnist is absent');
  process.exit();
}

type Trained = { accuracy: number; density: number };

for (const [epochs, wanted] of [
  [1, 0.84],
  [4, 0.88],
] as const) {
  const out = join(folder, `tiny-${epochs}.safetensors`);
  const started = process.hrtime.bigint();
  const { accuracy, density } = await result<Trained>(
    ...[
      'train',
      '--model',
      'tiny',
      '--data',
      `fashion-mnist=${data}`,
      '--epochs',
      String(epochs),
      '--seed',
      '1',
      '--out',
      out,
    ],
  );
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  verdict(
    `tiny, ${epochs} epoch(s), seed 1`,
    percent(accuracy, 2),
    `>= ${percent(wanted, 0)}`,
    accuracy >= wanted,
  );
  console.log(
    `           density ${percent(density)}, ${(seconds / epochs).toFixed(0)} s an epoch, start and tests included`,
  );
}
