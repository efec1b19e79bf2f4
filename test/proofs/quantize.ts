import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadDataset } from '../../host/data/index.js';
import { importFile } from '../../host/import/index.js';
import { percent } from '../../host/report/text.js';
import { argmax, netRunner, normalise, rawImage, readSafetensors, writeNet } from '../../models/index.js';
import { shared } from '../support/shared.js';
import { folder, result, verdict } from './cli.js';

/**
 * `npm run bench -- quantize`: the reference's trained net on all 10,000 test images of Fashion-MNIST, as
 * floats against the reference's logits, then at 8, 6 and 4 bits, interpreter and WebAssembly compared at
 * every tensor. About 10 minutes of CPU.
 */
const images = shared('data/fashion-mnist');
const vectors = shared('vectors/fashion-sfa');
if (!images || !vectors) {
  console.log('skipped: ../shared/data/fashion-mnist or ../shared/vectors/fashion-sfa is absent');
  process.exit();
}
const spec = `fashion-mnist=${images}`;
const data = await loadDataset(spec);
const { net } = await importFile(`${vectors}/model.safetensors`, { classes: data.classes });
mkdirSync(folder, { recursive: true });
const path = join(folder, 'fashion-sfa.safetensors');
writeFileSync(path, writeNet(net));

const reference = readSafetensors(readFileSync(`${vectors}/io.safetensors`)).tensors.get('logits')!;
const run = netRunner(net);
const count = data.test.count;
let [close, correct] = [0, 0];
for (let i = 0; i < count; i++) {
  const logits = run(normalise(rawImage(data.test, data.shape, i), net.input));
  if (logits.every((x, c) => Math.abs(x - Number(reference.data[i * 10 + c])) < 1e-3)) close++;
  if (argmax(logits) === data.test.labels[i]) correct++;
}
const float = correct / count;
verdict(
  'images whose logits are within 1e-3 of the reference',
  `${close} of ${count}`,
  '>= 99 %',
  close >= 0.99 * count,
);
verdict('float accuracy', percent(float, 2), '88.51 %', correct === 8851);

type Verified = {
  samples: number;
  equal: number;
  accuracy: { graph: number; wasm: number };
  firstDifference: unknown;
};

for (const [bits, allowed] of [
  [8, 0.003],
  [6, 0.005],
  [4, 0.01],
] as const) {
  const graph = join(folder, `fashion-sfa-${bits}.safetensors`);
  const { bytes } = await result<{ bytes: number }>(
    ...['quantize', path, '--data', spec, '--bits', String(bits), '--out', graph, '--count', '0'],
  );
  const verified = await result<Verified>(
    ...['verify', graph, '--against', 'wasm', '--data', spec, '--count', String(count)],
  );
  const { accuracy, equal, samples } = verified;
  verdict(
    `${bits} bits (file of ${bytes} B)`,
    `${percent(accuracy.graph, 2)}, ${(100 * (float - accuracy.graph)).toFixed(2)} points below float`,
    `<= ${100 * allowed}`,
    float - accuracy.graph <= allowed,
  );
  verdict('equal at every tensor', `${equal} of ${samples}`, 'all', equal === samples && samples === count);
}
