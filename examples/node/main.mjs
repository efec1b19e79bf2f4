// Train, quantize, compile, verify and run a small spiking net in one program.
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  buildTo,
  loadDataset,
  netFor,
  openModel,
  quantize,
  ranking,
  train,
  verify,
  writeGraph,
} from 'spikelet';

const build = fileURLToPath(new URL('build/', import.meta.url));
const data = await loadDataset('gestures:train=640,test=80');

const { net } = await train(netFor(data, 'mini'), data, {
  options: { epochs: 6, batch: 32, learningRate: 0.008 },
  onEpoch: ({ epoch, testAccuracy }) =>
    console.log(`epoch ${epoch}: ${(100 * testAccuracy).toFixed(1)} % of the test gestures`),
});

const graph = quantize(net, data, { bits: 8, calibrate: 64 });
await mkdir(build, { recursive: true });
await writeFile(`${build}graph.safetensors`, writeGraph(graph));

await buildTo(`${build}wasm`, graph, 'wasm');
const { equal, samples } = await verify(graph, 'wasm', data, { count: 40, build: `${build}wasm` });
console.log(`${equal} of ${samples} samples equal at every tensor`);

// In a page, or where nothing but the module should be needed: import { load } from './build/wasm/model.mjs'.
const model = await openModel(`${build}wasm`);
const size = data.shape.reduce((a, b) => a * b);
for (let i = 0; i < 8; i++) {
  const logits = await model.logits(data.test.images.subarray(i * size, (i + 1) * size));
  const [best] = ranking(logits, 1);
  console.log(`gesture ${i}: ${data.classes[data.test.labels[i]]}, the net says ${data.classes[best]}`);
}
await model.close?.();
