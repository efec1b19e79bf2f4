import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesOfModel } from '../../firmware-gen/model/index.js';
import { modelData } from '../../firmware-gen/model-data.js';
import { printModel } from '../../host/toolchain/model.js';
import {
  eventsOf,
  type Graph,
  interpret,
  logmelFrontEnd,
  type OutputFile,
  pixelsOfRaw,
  type Raw,
} from '../../models/index.js';
import { frontEndLayer, frontEndRam } from '../../wasm/front-end.js';
import { planModel } from '../../wasm/plan-model.js';
import { compileProgram, runHere, testSource } from '../support/firmware-host.js';
import { removeFolders } from '../support/firmware-project.js';
import { graphBehind, noise } from '../support/frontends.js';
import { gcc32 } from '../support/needs.js';
import { seeded } from '../support/random-graph.js';
import { testWith } from '../support/skip.js';

const plan = (graph: Graph) => planModel(graph, { tier: 'swar' });

/** What the driver should write: pixels and logits of each image, and how many there are. */
function wanted(graph: Graph, raw: Raw): { bytes: Buffer; images: number } {
  const images = pixelsOfRaw(graph, raw);
  const bytes = Buffer.concat(
    images.flatMap((pixels) => [
      Buffer.from(pixels.buffer),
      Buffer.from(interpret(graph, pixels).slice().buffer),
    ]),
  );
  return { bytes, images: images.length };
}

const program = async (files: OutputFile[], ...defines: string[]) =>
  compileProgram([...files, await testSource('front-end.c')], defines);

/** Samples in pieces of this many, each behind its length. */
const pieces = (samples: Int16Array, most: number): Buffer =>
  Buffer.concat(
    Array.from({ length: Math.ceil(samples.length / most) }, (_, i) => {
      const piece = samples.slice(i * most, (i + 1) * most);
      return Buffer.concat([Buffer.from(Uint32Array.of(piece.length).buffer), Buffer.from(piece.buffer)]);
    }),
  );

const withGcc = await testWith([gcc32]);

withGcc(
  'C takes audio: pixels and logits equal the definition, one hop at a time and by the sample, and after a restart',
  async () => {
    for (const options of [
      { frames: 8, stride: 4 },
      { frames: 6, stride: 2, mean: 4, coefficients: 7, bandsAre: 'channels' as const },
    ]) {
      const frontEnd = logmelFrontEnd({ sampleRate: 8000, ...options });
      const graph = graphBehind(frontEnd);
      const samples = noise(4000, 20000, 4);
      samples.set(noise(1000, 60, 8), 2000);
      const { bytes, images } = wanted(graph, samples);
      assert.ok(images >= 5);
      const run = await program(await printModel(plan(graph)), 'AUDIO', 'SPIKELET_CHECKED');
      const again = Buffer.concat([
        pieces(samples.slice(0, 1500), 128),
        Buffer.from(Uint32Array.of(0).buffer),
      ]);
      const before = wanted(graph, samples.slice(0, 1500));
      const most = options.stride * 128;
      for (const piece of [1, 37, 128, most]) {
        const { stdout, status, stderr } = runHere(run, Buffer.concat([again, pieces(samples, piece)]));
        assert.is(status, 0, String(stderr));
        assert.ok(stdout.equals(Buffer.concat([before.bytes, bytes])), `pieces of ${piece}`);
      }
    }
  },
);

withGcc('C takes samples of an IMU', async () => {
  const graph = graphBehind({
    kind: 'window',
    parameters: {
      ...{ rate: 50, channels: 3, smoothing: 4, shift: 10, window: 10, stride: 3 },
      outputs: [
        { channel: 0, take: 'highpass', multiplier: 9 },
        { channel: 2, take: 'lowpass', multiplier: 5 },
        { channel: 1, take: 'difference', multiplier: 4 },
        { channel: 1, take: 'raw', multiplier: -3 },
      ],
    },
    tables: {},
  });
  const samples = noise(180, 30000, 2);
  const { bytes, images } = wanted(graph, samples);
  assert.is(images, 17);
  const run = await program(await printModel(plan(graph)), 'SAMPLE', 'SPIKELET_CHECKED');
  const { stdout, status, stderr } = runHere(run, samples);
  assert.is(status, 0, String(stderr));
  assert.ok(stdout.equals(bytes));
});

withGcc('C takes events', async () => {
  const base = { sensor: [34, 34], size: [12, 12], polarity: 'separate', most: 15 } as const;
  for (const parameters of [
    { per: { us: 1500, from: 'first' }, frames: 3, stride: 2 },
    { per: { events: 60 }, frames: 1, stride: 1, decay: 1 },
  ] as const) {
    const graph = graphBehind({
      kind: 'events',
      parameters: { ...base, ...parameters },
      tables: {},
    } as never);
    const random = seeded(6);
    let t = 1000;
    const rows = Array.from({ length: 700 }, (_, i) => {
      t += Math.floor(40 * random()) + (i === 300 ? 20_000 : 0);
      return [t, Math.floor(34 * random()), Math.floor(34 * random()), random() < 0.5 ? 0 : 1];
    });
    const { bytes, images } = wanted(graph, eventsOf(rows.flat()));
    assert.ok(images > 5);
    const run = await program(await printModel(plan(graph)), 'EVENT', 'SPIKELET_CHECKED');
    const given = Uint32Array.from(rows.flatMap(([t, x, y, p]) => [x!, y!, p!, t!]));
    const { stdout, status, stderr } = runHere(run, given);
    assert.is(status, 0, String(stderr));
    assert.ok(stdout.equals(bytes), JSON.stringify(parameters));
  }
});

test('bytes of a model count its front end; without one the C is as it was', async () => {
  const graph = graphBehind(logmelFrontEnd({ sampleRate: 8000, frames: 8 }));
  const { frontEnd, ...plain } = graph;
  const [own, without] = [graph, plain].map((one) => bytesOfModel(modelData(plan(one))));
  const ram = frontEndRam(frontEndLayer(frontEnd)!);
  assert.is(own!.arena, without!.arena + ram);
  assert.ok(own!.constants > without!.constants);
  const files = await printModel(plan(plain));
  assert.not.ok(
    files.some(({ path, contents }) => path === 'frontend.c' || String(contents).includes('front_end')),
  );
  const header = (await printModel(plan(graph), 'wake')).find(({ path }) => path === 'wake.h')!
    .contents as string;
  assert.match(header, /int wake_audio\(const int16_t \*samples, uint32_t n\);/);
  assert.match(header, /#define WAKE_SAMPLE_RATE 8000/);
  assert.match(header, new RegExp(`#define WAKE_FRONT_END_BYTES ${ram} `));
});

test.after(removeFolders);
test.run();
