import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { importFile } from '../../host/import/index.js';
import { compare } from '../../host/report/compare.js';
import { imageOf } from '../../host/run/trace-net.js';
import { verifyWasm } from '../../host/run/verify.js';
import { emitBuild } from '../../host/wasm/build.js';
import { loadWasm } from '../../host/wasm/load.js';
import { readGraph, toPixels, writeGraph } from '../../models/index.js';
import { quantize } from '../../quantize/index.js';
import { reference } from '../support/needs.js';
import { read } from '../support/reference.js';
import { shared } from '../support/shared.js';
import { testWith } from '../support/skip.js';

const folder = shared('vectors/espikeformer-nano');
const run = await testWith([reference('vectors/espikeformer-nano')]);

const load = async () => {
  const { net } = await importFile(`${folder}/model.safetensors`, { inputShape: [64, 64, 3] });
  const input = read(`${folder}/io.safetensors`).get('input')!;
  return { net, images: [0, 1, 2, 3, 4].map((n) => imageOf(input, n)) };
};

run('nano at 8 bits: WebAssembly equals the interpreter at every tensor of all five inputs', async () => {
  const { net, images } = await load();
  const graph = quantize(net, images, { bits: 8 });
  assert.equal(readGraph(writeGraph(graph)), graph);
  const { files } = await emitBuild(graph);
  const model = loadWasm(new Uint8Array(files[0]!.contents as Uint8Array));
  const pixels = images.map((image) => toPixels(graph, image));
  const result = verifyWasm(graph, model, pixels);
  assert.is(result.firstDifference, null);
  assert.is(result.equal, 5);
});

run('nano: what each layer alone changes shrinks with the bits of the weights', async () => {
  const { net, images } = await load();
  const alone = ([8, 6, 4] as const).map((bits) => {
    const graph = quantize(net, images.slice(0, 2), { bits, rounding: 'nearest' });
    const { layers } = compare(net, graph, images.slice(0, 1), { alone: true });
    return layers.reduce((sum, layer) => sum + layer.alone!, 0) / layers.length;
  });
  const [at8, at6, at4] = alone as [number, number, number];
  assert.ok(at8 > 0.99, `8 bits: ${at8}`);
  assert.ok(at8 > at6 && at6 > at4 && at4 > 0.95, String(alone));
});

test.run();
