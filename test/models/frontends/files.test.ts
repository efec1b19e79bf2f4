import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readCheckpoint, writeCheckpoint } from '../../../host/train/checkpoint.js';
import {
  type FrontEnd,
  type Graph,
  interpret,
  interpretRaw,
  logmelFrontEnd,
  type Net,
  netMetadata,
  pixelsOfRaw,
  pixelTable,
  prove,
  rawToPixels,
  readGraph,
  readNet,
  readSafetensors,
  runFrontEnd,
  type Safetensors,
  SpikeletError,
  writeGraph,
  writeNet,
  writeSafetensors,
} from '../../../models/index.js';
import { quantize } from '../../../quantize/index.js';
import { cli } from '../../support/cli-in-process.js';
import { noise } from '../../support/frontends.js';
import { survives } from '../../support/mutations.js';
import { zooNet } from '../../support/nets.js';
import { seeded } from '../../support/random-graph.js';

const random = seeded(11);
const frontEnd = logmelFrontEnd({ sampleRate: 8000, frames: 12, stride: 4, mean: 5 });
const net: Net = { ...zooNet('mini', [12, 20, 1], 3, { widths: [2, 4] }), frontEnd };
const images = [0, 1].map(() => Float32Array.from({ length: 240 }, () => random()));
const graph: Graph = quantize(net, images, { bits: 8 });

/** A file with its structure or its tensors changed. */
function changed(
  bytes: Uint8Array,
  kind: 'net' | 'graph',
  change: (structure: { frontEnd: FrontEnd }, tensors: Safetensors['tensors']) => void,
): Uint8Array {
  const { tensors, metadata } = readSafetensors(bytes);
  const structure = JSON.parse(metadata[kind]!) as { frontEnd: FrontEnd };
  change(structure, tensors);
  return writeSafetensors(tensors, { ...metadata, [kind]: JSON.stringify(structure) });
}

test('a front end goes with its Net into a file, through quantize and into the file of the Graph', () => {
  assert.equal(readNet(writeNet(net)).frontEnd, frontEnd);
  assert.equal([...readNet(writeNet(net)).params.keys()], [...net.params.keys()]);
  assert.equal(graph.frontEnd, frontEnd);
  const bytes = writeGraph(graph);
  assert.equal(readGraph(bytes), graph);
  assert.equal(writeGraph(readGraph(bytes)), bytes);
  const { tensors, metadata } = readSafetensors(bytes);
  assert.not.match(metadata['graph']!, /tables/);
  for (const [table, values] of Object.entries(frontEnd.tables))
    assert.equal(tensors.get(`frontEnd.${table}`)!.data, values);
});

test('a file without one is as it was before, and reads on', () => {
  const { frontEnd: _, ...plain } = net;
  const bytes = writeNet(plain);
  assert.not.match(netMetadata(plain)['net']!, /frontEnd/);
  assert.not.ok('frontEnd' in readNet(bytes));
  const plainGraph = quantize(plain, images, { bits: 8 });
  assert.equal(readGraph(writeGraph(plainGraph)), plainGraph);
});

test('a checkpoint of training keeps it, and its tables are not among the parameters', () => {
  const state = {
    tensors: net.params,
    progress: {
      epoch: 1,
      steps: 2,
      options: {
        ...{
          epochs: 2,
          batch: 1,
          learningRate: 1,
          weightDecay: 0,
          labelSmoothing: 0,
          warmUp: 0,
          flip: false,
        },
        ...{ shift: 0, seed: 1, firingPenalty: 0 },
      },
    },
  };
  const found = readCheckpoint(writeCheckpoint({ net, state, data: 'x' } as never), 'f');
  assert.equal(found.net.frontEnd, frontEnd);
  assert.equal([...found.state.tensors.keys()].sort(), [...net.params.keys()].sort());
});

test('from samples to logits: the front end, the pixel table, the interpreter', () => {
  const samples = noise(256 + 23 * 128, 9000);
  const logits = interpretRaw(graph, samples);
  assert.is(logits.length, 4);
  const table = pixelTable(graph);
  const pixels = runFrontEnd(frontEnd, samples).map((image) => rawToPixels(table, image));
  assert.equal(pixelsOfRaw(graph, samples), pixels);
  assert.equal(
    logits,
    pixels.map((image) => interpret(graph, image)),
  );
  assert.throws(() => interpretRaw(graph, new Uint8Array(240)), /takes i16/);
  const { frontEnd: _, ...plain } = graph;
  assert.equal(interpretRaw(plain, new Uint8Array(240)).length, 1);
  assert.throws(() => interpretRaw(plain, new Uint8Array(7)), /must be 12x20x1 = 240 bytes, got 7/);
});

test('inspect says what the front end is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spikelet-front-end-'));
  try {
    for (const [name, bytes] of [
      ['net', writeNet(net)],
      ['graph', writeGraph(graph)],
    ] as const) {
      const path = join(folder, `${name}.safetensors`);
      await writeFile(path, bytes);
      assert.match(
        (await cli('inspect', path)).stdout,
        /front end 'logmel': log2 of 20 mel bands, 100-3900 Hz, less a mean/,
      );
      const { frontEnd: found } = JSON.parse((await cli('inspect', path, '--json')).stdout) as never as {
        frontEnd: object;
      };
      assert.equal(found, {
        kind: 'logmel',
        parameters: frontEnd.parameters,
        shape: [12, 20, 1],
        stateBytes: 1464,
      });
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

const kinds = [
  ['net', writeNet(net), readNet],
  ['graph', writeGraph(graph), readGraph],
] as const;

test('what is not a front end of the model is refused when its file is read', () => {
  for (const [kind, bytes, read] of kinds) {
    const refused = (change: Parameters<typeof changed>[2], message: RegExp) => {
      try {
        read(changed(bytes, kind, change) as never, 'f.safetensors');
      } catch (error) {
        assert.instance(error, SpikeletError);
        assert.match((error as Error).message, message);
        assert.match((error as Error).message, /^f\.safetensors: /);
        return;
      }
      assert.unreachable(`${kind}: not refused: ${message}`);
    };
    refused((_, tensors) => tensors.delete('frontEnd.window'), /table 'frontEnd\.window' is missing/);
    refused(
      (_, tensors) => tensors.set('frontEnd.rise', { shape: [1], data: Int32Array.of(0) }),
      /table 'rise' must hold 121 values, got 1/,
    );
    refused((_, tensors) => {
      (tensors.get('frontEnd.cosine')!.data as Int32Array)[3]! += 100;
    }, /cosine\[3\] must be/);
    refused(({ frontEnd }) => {
      (frontEnd.parameters as { frames: number }).frames = 13;
    }, /gives images \[13, 20, 1\], the input is \[12, 20, 1\]/);
    refused(({ frontEnd }) => {
      (frontEnd.parameters as { fft: number }).fft = 2 ** 30;
    }, /the structure of the (net|graph) is wrong at frontEnd/);
    refused(({ frontEnd }) => {
      (frontEnd as { kind: string }).kind = 'smell';
    }, /the structure of the (net|graph) is wrong at frontEnd/);
  }
  assert.throws(
    () => writeNet({ ...net, frontEnd: logmelFrontEnd({ sampleRate: 8000, frames: 3 }) }),
    /gives images/,
  );
  assert.throws(
    () => prove({ ...graph, frontEnd: { ...frontEnd, tables: {} } }),
    /graph 'mini': front end 'logmel': table/,
  );
});

test('no mutant of a front end in a file gives anything but a model that runs, or one error', () => {
  const numbers = fc.constantFrom(
    -1,
    0,
    1,
    2,
    3,
    7,
    127,
    128,
    4096,
    65536,
    2 ** 31,
    2 ** 32,
    2 ** 53,
    0.5,
    'x',
    null,
  );
  const samples = noise(2000, 30000);
  const outcomes = { read: 0, refused: 0 };
  const mutant = fc.property(
    fc.boolean(),
    fc.array(fc.tuple(fc.nat({ max: 40 }), numbers), { maxLength: 2 }),
    fc.array(fc.tuple(fc.nat({ max: 40 }), fc.nat(), fc.integer()), { maxLength: 2 }),
    (isNet, parameters, values) => {
      const [kind, bytes, read] = kinds[isNet ? 0 : 1];
      const file = changed(bytes, kind, (structure, tensors) => {
        const given = structure.frontEnd.parameters as unknown as Record<string, unknown>;
        const names = Object.keys(given);
        for (const [at, value] of parameters) given[names[at % names.length]!] = value;
        const tables = [...tensors.keys()].filter((name) => name.startsWith('frontEnd.'));
        for (const [at, place, value] of values) {
          const { data } = tensors.get(tables[at % tables.length]!)!;
          data[place % data.length] = value;
        }
      });
      const outcome = survives(() => {
        const model = read(file, 'f');
        runFrontEnd(model.frontEnd!, samples);
      });
      outcomes[outcome]++;
    },
  );
  fc.assert(mutant, { numRuns: 400, seed: 3 });
  assert.ok(outcomes.read > 40 && outcomes.refused > 150, JSON.stringify(outcomes));
});

test.run();
