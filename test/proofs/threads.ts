import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import sharp from 'sharp';
import { type Batch, startBatch } from '../../host/run/batch.js';
import { writeFiles } from '../../host/system/files.js';
import { emitBuild } from '../../host/wasm/build.js';
import { loadThreads, loadWasm, type WasmModel } from '../../host/wasm/load.js';
import { randomPixels } from '../support/wasm-models.js';
import { espikeformerLike } from './sized.js';

/**
 * `npm run bench -- threads`: E-SpikeFormer-m at 224x224 with random constants on 1, 2, .. all threads:
 * milliseconds of one image, and images a second of a folder. Beside it what plain loops on as many threads
 * reach, since a machine that others keep busy, or whose cores share their units, has less than its cores
 * promise. Half a minute.
 */
const ROUNDS = 15;
const IMAGES = 24;
const LOOP = `const { parentPort } = require('node:worker_threads');
parentPort.on('message', () => {
  let x = 0;
  for (let i = 0; i < 1e8; i++) x = (Math.imul(x, 31) + i) | 0;
  parentPort.postMessage(x);
});`;

const cores = availableParallelism();
const counts = [...new Set([1, 2, 4, 8, 16, cores])].filter((n) => n <= cores).sort((a, b) => a - b);
const most = Math.max(2, cores);
const { graph, random } = espikeformerLike('m');
const { files, ramBytes, threads } = await emitBuild(graph, { threads: most });
const contents = (name: string) =>
  files.find(({ path }) => path === name)!.contents as Uint8Array<ArrayBuffer>;
console.log(`RAM: ${ramBytes} B for one thread, ${threads!.ramBytes} B for ${most}`);

const models: WasmModel[] = [];
for (const n of counts)
  models.push(
    n === 1 ? loadWasm(contents('model.wasm')) : await loadThreads(contents('model-threads.wasm'), n),
  );
const folder = await mkdtemp(join(tmpdir(), 'spikelet-threads-'));
try {
  await writeFiles(folder, files);
  const raw = { width: 224, height: 224, channels: 3 } as const;
  const values = Uint8Array.from({ length: 224 * 224 * 3 }, () => random() * 256);
  await sharp(values, { raw }).toFile(join(folder, 'image.png'));
  const rounds = { loops: alike(), image: alike(), folder: alike() };
  const pixels = randomPixels(graph, random, 1);
  const expected = String(models[0]!.infer(pixels));
  for (const [i, n] of counts.entries()) {
    const loops = Array.from({ length: n }, () => new Worker(LOOP, { eval: true }));
    const batch = startBatch(join(folder, 'model.wasm'), n);
    for (let round = -1; round < 3; round++) {
      const taken = [await timed(() => Promise.all(loops.map(loop))), await timed(() => wholeImages(batch))];
      if (round < 0) continue;
      rounds.loops[i]!.push(taken[0]! / n);
      rounds.folder[i]!.push(taken[1]! / IMAGES);
    }
    await Promise.all([batch.close(), ...loops.map((worker) => worker.terminate())]);
  }
  for (let round = -2; round < ROUNDS; round++)
    for (const [i, model] of models.entries()) {
      const ms = await timed(() => {
        if (String(model.infer(pixels)) !== expected) throw new Error('threads change the logits');
      });
      if (round >= 0) rounds.image[i]!.push(ms);
    }
  console.log('threads   plain loops   one image           a folder, decoded too');
  const best = (which: keyof typeof rounds, i: number) => Math.min(...rounds[which][i]!);
  const times = (which: keyof typeof rounds, i: number) =>
    `${(best(which, 0) / best(which, i)).toFixed(2)} x`.padStart(8);
  for (const [i, n] of counts.entries())
    console.log(
      `${String(n).padStart(7)} ${times('loops', i).padStart(13)} ${best('image', i).toFixed(1).padStart(8)} ms${times('image', i)}` +
        `${(1000 / best('folder', i)).toFixed(1).padStart(12)} images/s${times('folder', i)}`,
    );
  console.log('least times of all rounds; the same logits from every number of threads');
} finally {
  for (const model of models) await (model as { close?(): Promise<void> }).close?.();
  await rm(folder, { recursive: true });
}

function alike(): number[][] {
  return counts.map(() => []);
}

async function timed(job: () => unknown): Promise<number> {
  const start = performance.now();
  await job();
  return performance.now() - start;
}

function loop(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    worker.once('message', () => resolve());
    worker.postMessage(0);
  });
}

function wholeImages(batch: Batch): Promise<Float64Array[]> {
  return Promise.all(Array.from({ length: IMAGES }, () => batch.logits(join(folder, 'image.png'))));
}
