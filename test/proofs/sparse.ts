import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { percent } from '../../host/report/text.js';
import { shared } from '../support/shared.js';
import { folder, result, verdict } from './cli.js';

/**
 * `npm run bench -- sparse`: four more epochs of the net that `npm run bench -- train` left, with and without
 * firing penalty, then the sparse one at 6 bits on all 10,000 test images. About 15 minutes of CPU.
 */
const data = shared('data/fashion-mnist');
const start = join(folder, 'tiny-4.safetensors');
if (!data || !existsSync(start)) {
  console.log(
    data ? "run 'npm run bench -- train' first" : 'skipped: ../shared/data/fashion-mnist is absent',
  );
  process.exit(data ? 1 : 0);
}
const spec = `fashion-mnist=${data}`;

type Trained = { accuracy: number; density: number };

const fineTune = (name: string, ...more: string[]) =>
  result<Trained>(
    ...['train', '--init', start, '--data', spec, '--epochs', '4', '--seed', '2', '--learning-rate', '0.002'],
    ...['--out', join(folder, name), ...more],
  );

const plain = await fineTune('tiny-plain.safetensors');
const sparse = await fineTune('tiny-sparse.safetensors', '--firing-penalty', '0.62');
console.log(`without penalty: ${percent(plain.accuracy, 2)} at density ${percent(plain.density)}`);
console.log(`with penalty:    ${percent(sparse.accuracy, 2)} at density ${percent(sparse.density)}`);
verdict('density with penalty', percent(sparse.density), '<= 15 %', sparse.density <= 0.15);
const loss = plain.accuracy - sparse.accuracy;
verdict('points that the penalty costs', (100 * loss).toFixed(2), '<= 1', loss <= 0.01);

const graph = join(folder, 'tiny-sparse-6.safetensors');
await result(
  'quantize',
  join(folder, 'tiny-sparse.safetensors'),
  '--data',
  spec,
  '--bits',
  '6',
  '--out',
  graph,
  '--count',
  '0',
);
const verified = await result<{ samples: number; equal: number; accuracy: { graph: number } }>(
  ...['verify', graph, '--against', 'wasm', '--data', spec, '--count', '10000'],
);
const gap = sparse.accuracy - verified.accuracy.graph;
verdict('6 bits against float, points lost', (100 * gap).toFixed(2), '<= 0.5', gap <= 0.005);
verdict(
  'samples equal at every tensor',
  `${verified.equal} of ${verified.samples}`,
  'all',
  verified.equal === verified.samples,
);
