import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeFiles } from '../../../host/system/files.js';
import { emitBuild } from '../../../host/wasm/build.js';
import type { Model } from '../../../host/wasm/model.mjs';
import {
  eventsOf,
  type FrontEnd,
  type Graph,
  interpretRaw,
  logmelFrontEnd,
  SpikeletError,
} from '../../../models/index.js';
import { frontEndLayer, frontEndRam } from '../../../wasm/front-end.js';
import { planModel } from '../../../wasm/plan-model.js';
import { graphBehind, noise } from '../../support/frontends.js';

/** The loader that a build writes, takes raw signals: equal to the definition, from samples to logits. */
const folders: string[] = [];

async function loaded(graph: Graph, options: Parameters<typeof emitBuild>[1] = {}): Promise<Model> {
  const folder = await mkdtemp(join(tmpdir(), 'spikelet-front-end-'));
  folders.push(folder);
  const { files } = await emitBuild(graph, options);
  for (const path of ['model.mjs', 'model.d.mts'])
    assert.not.match(
      String(files.find((file) => file.path === path)!.contents),
      /^import /m,
      `${path} is alone`,
    );
  await writeFiles(folder, files);
  const { load } = (await import(pathToFileURL(join(folder, 'model.mjs')).href)) as {
    load(): Promise<Model>;
  };
  return load();
}

const logmel = logmelFrontEnd({ sampleRate: 8000, frames: 6, stride: 2, mean: 4 });
const audio = graphBehind(logmel);

test('audio: logits of every image, in pieces of any length, again after a restart', async () => {
  const samples = noise(4000, 20000, 4);
  const wanted = interpretRaw(audio, samples);
  assert.is(wanted.length, 13);
  for (const options of [{}, { tier: 'swar' as const, weights: 'outside' as const, ram: 40_000 }]) {
    const model = await loaded(audio, options);
    model.audio(samples.subarray(0, 1111));
    for (const piece of [1, 37, 1000, 4000]) {
      model.restart();
      const logits: Int32Array[] = [];
      for (let at = 0; at < samples.length; at += piece)
        logits.push(...model.audio(samples.subarray(at, at + piece)));
      assert.equal(logits, wanted, `pieces of ${piece}`);
    }
    // An image is still taken as it was.
    assert.is(model.infer(new Uint8Array(120)).length, 5);
    assert.throws(() => model.samples(samples), "'dense' takes audio(), not samples()");
    assert.throws(
      () => model.audio(new Uint8Array(3) as never),
      /takes samples as Int16Array and got an? Uint8Array/,
    );
  }
});

test('samples of several channels', async () => {
  const graph = graphBehind({
    kind: 'window',
    parameters: {
      ...{ rate: 50, channels: 3, smoothing: 4, shift: 10, window: 10, stride: 3 },
      outputs: [
        { channel: 0, take: 'highpass', multiplier: 9 },
        { channel: 2, take: 'lowpass', multiplier: 5 },
      ],
    },
    tables: {},
  });
  const values = noise(150, 30000, 2);
  const model = await loaded(graph);
  assert.equal(
    [...model.samples(values.subarray(0, 33)), ...model.samples(values.subarray(33))],
    interpretRaw(graph, values),
  );
  assert.throws(() => model.samples(values.subarray(1)), /takes samples of 3 channels and got 149 values/);
});

test('events, those that are refused included', async () => {
  const frontEnd: FrontEnd = {
    kind: 'events',
    parameters: {
      ...{ sensor: [8, 8], size: [4, 4], polarity: 'separate', most: 15, frames: 2, stride: 1 },
      per: { us: 100, from: 'first' },
    },
    tables: {},
  };
  const graph = graphBehind(frontEnd);
  const model = await loaded(graph);
  const rows = Array.from({ length: 60 }, (_, i) => [17 * i + (i > 30 ? 500 : 0), i % 8, (3 * i) % 8, i & 1]);
  const wanted = interpretRaw(graph, eventsOf(rows.flat()));
  assert.ok(wanted.length > 8);
  assert.equal(
    rows.flatMap(([t, x, y, p]) => model.event(x!, y!, p!, t!)),
    wanted,
  );
  assert.throws(() => model.event(8, 0, 0, 2000), /refuses the event at 8, 0, polarity 0, 2000 us/);
  assert.throws(() => model.audio(new Int16Array(1)), 'takes event(), not audio()');
});

test('the front end counts as RAM, in a budget too; a model without one takes images alone', async () => {
  const { frontEnd, ...plain } = audio;
  const ram = frontEndRam(frontEndLayer(frontEnd)!);
  for (const tier of ['simd', 'swar'] as const) {
    const [own, without] = [planModel(audio, { tier }), planModel(plain, { tier })];
    assert.is(own.ramBytes, without.ramBytes + ram);
    assert.is(planModel(audio, { tier, ram: own.ramBytes }).ramBytes, own.ramBytes);
    assert.throws(
      () => planModel(audio, { tier, ram }),
      (error: Error) => error instanceof SpikeletError,
    );
  }
  const model = await loaded(plain);
  assert.throws(() => model.audio(new Int16Array(1)), "'dense' takes images, not audio()");
});

test.after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});
test.run();
