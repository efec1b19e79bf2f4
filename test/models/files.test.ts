import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  float32,
  type Graph,
  type Net,
  netRunner,
  readGraph,
  readNet,
  readSafetensors,
  SpikeletError,
  writeGraph,
  writeNet,
  writeSafetensors,
} from '../../models/index.js';
import { quantize } from '../../quantize/index.js';
import { edits, growth, mutated, survives } from '../support/mutations.js';
import { zooNet } from '../support/nets.js';
import { randomGraph, seeded } from '../support/random-graph.js';

const random = seeded(5);
const image = (length: number): Float32Array => Float32Array.from({ length }, () => 4 * random());

const net: Net = zooNet('mini', [12, 12, 2], 3, { widths: [2, 4] });
const graph: Graph = quantize(net, [image(288), image(288)], { bits: 6 });
const netFile = writeNet(net);
const graphFile = writeGraph(graph);

const parts = (bytes: Uint8Array) => {
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  return { header: header as Record<string, unknown>, data: bytes.subarray(8 + length) };
};

/** A file of any header before any data. */
function fileOf(header: unknown, data: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const length = new Uint8Array(BigUint64Array.of(BigInt(text.length)).buffer);
  return new Uint8Array(Buffer.concat([length, text, data]));
}

/** A file with its Net or Graph, or other metadata, changed. */
function changed(file: Uint8Array, change: (metadata: Record<string, unknown>) => unknown): Uint8Array {
  const { header, data } = parts(file);
  const metadata = { ...(header['__metadata__'] as Record<string, string>) };
  return fileOf({ ...header, __metadata__: { ...metadata, ...(change(metadata) as object) } }, data);
}

type Json = { [key: string]: Json } & Json[];
const structure =
  (kind: 'net' | 'graph', change: (json: Json) => void) => (metadata: Record<string, unknown>) => {
    const json = JSON.parse(metadata[kind] as string) as Json;
    change(json);
    return { [kind]: JSON.stringify(json) };
  };

function refused(read: () => unknown, message: RegExp, what = String(message)): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof SpikeletError)) throw error;
    assert.match(error.message, message, what);
    assert.match(error.message, /^f\.st/, what);
    return;
  }
  assert.unreachable(`${what}: it was not refused`);
}

test('a graph that was read is written as the same bytes, whoever made it', () => {
  for (const made of [graph, ...[1, 2, 3].map((seed) => randomGraph(seeded(seed), 8))]) {
    const file = writeGraph(made);
    assert.equal(Buffer.from(writeGraph(readGraph(file))), Buffer.from(file));
  }
});

test('what is written is read', () => {
  assert.equal(readNet(netFile), net);
  assert.equal(readGraph(graphFile), graph);
  assert.is(netRunner(readNet(netFile))(image(288)).length, 3);
});

test('truncated and oversized files', () => {
  for (const [file, read] of [
    [netFile, readNet],
    [graphFile, readGraph],
  ] as const) {
    for (let length = 0; length < file.length; length += 37)
      refused(() => read(file.subarray(0, length), 'f.st'), /not a valid \.safetensors/);
    const longer = new Uint8Array([...file, 0]);
    refused(() => read(longer, 'f.st'), /1 bytes at the end belong to no tensor/);
  }
});

test('headers that lie', () => {
  const entry = (change: object) => ({ dtype: 'F32', shape: [2], data_offsets: [0, 8], ...change });
  const eight = new Uint8Array(8);
  const cases: [RegExp, Uint8Array][] = [
    [/claims 18446744073709552000 bytes/, new Uint8Array(16).fill(255)],
    [/the header is not JSON/, fileOf('{"a":', eight)],
    [/the header is not an object/, fileOf('[]', eight)],
    [/__metadata__ does not map strings/, fileOf({ __metadata__: { a: 1 } }, eight)],
    [/has an unknown type/, fileOf({ a: entry({ dtype: 'F8' }) }, eight)],
    [/has an unknown type/, fileOf({ a: entry({ dtype: 'constructor' }) }, eight)],
    [/has an unknown type/, fileOf({ a: null }, eight)],
    [/is not a list of sizes/, fileOf({ a: entry({ shape: [-2] }) }, eight)],
    [/is not a list of sizes/, fileOf({ a: entry({ shape: [1.5] }) }, eight)],
    [/does not fill its 8 bytes/, fileOf({ a: entry({ shape: [2 ** 40] }) }, eight)],
    [/does not fill its 8 bytes/, fileOf({ a: entry({ shape: [2 ** 50, 2 ** 50, 0] }) }, eight)],
    [/is at 0\.\.4000000000 of 8/, fileOf({ a: entry({ data_offsets: [0, 4e9], shape: [1e9] }) }, eight)],
    [/is at 8\.\.0 of 8/, fileOf({ a: entry({ data_offsets: [8, 0] }) }, eight)],
    [/begins at 0, the one before it ends at 8/, fileOf({ a: entry({}), b: entry({}) }, eight)],
    [
      /begins at 8, the one before it ends at 0/,
      fileOf({ a: entry({ data_offsets: [8, 16] }) }, new Uint8Array(16)),
    ],
    // As deep as the engine's own parser goes; nothing may walk it by recursion.
    [
      /has an unknown type|is not JSON/,
      fileOf(`{"a":{"dtype":${'['.repeat(1e5)}${']'.repeat(1e5)}}}`, eight),
    ],
  ];
  for (const [message, file] of cases) refused(() => readSafetensors(file, 'f.st'), message);
});

test('tensors that share their bytes are refused before they are copied', () => {
  const data = new Uint8Array(2 ** 20);
  const entry = { dtype: 'U8', shape: [data.length], data_offsets: [0, data.length] };
  const header = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`t${i}`, entry]));
  const file = fileOf(header, data);
  const grew = growth(() => refused(() => readSafetensors(file, 'f.st'), /begins at 0/));
  assert.ok(grew < 200e6, `memory grew by ${grew} bytes`);
});

test('weights that are not numbers', () => {
  const params = new Map(net.params);
  params.set('head.bias', float32([3], [0, Number.NaN, 0]));
  refused(() => readNet(writeNet({ ...net, params }), 'f.st'), /^f\.st: .*head\.bias holds NaN/s);
  params.set('head.bias', float32([3], [0, Number.POSITIVE_INFINITY, 0]));
  refused(() => readNet(writeNet({ ...net, params }), 'f.st'), /head\.bias holds NaN or infinity/);
});

test('other formats and versions', () => {
  const version = (value: string) => changed(netFile, () => ({ version: value }));
  refused(() => readNet(version('2'), 'f.st'), /version 2 of the format, this spikelet reads 1/);
  for (const value of ['', '0', '-1', '0.5', 'x', '1e400'])
    refused(() => readNet(version(value), 'f.st'), /of the format/, value);
  refused(() => readNet(graphFile, 'f.st'), /f\.st is a Graph, a Net is needed/);
  refused(() => readGraph(netFile, 'f.st'), /f\.st is a Net, a Graph is needed/);
  refused(() => readNet(writeSafetensors(net.params), 'f.st'), /f\.st is not a spikelet file/);
  refused(
    () =>
      readNet(
        changed(netFile, () => ({ net: '{' })),
        'f.st',
      ),
    /is not JSON/,
  );
});

test('structures that ask for too much, or for what is not there', () => {
  const nets: [RegExp, (json: Json) => void][] = [
    [/a map of more than/, (json) => Object.assign(json['input']!, { shape: [65536, 65536, 2] })],
    [
      /the structure of the net is wrong at nodes\.0\.kernel/,
      (json) => Object.assign(json['nodes']![0]!, { kernel: [1e9, 1] }),
    ],
    [
      /takes 'nothing', which nothing before it computes/,
      (json) => Object.assign(json['nodes']![1]!, { input: 'nothing' }),
    ],
    [/a reserved name/, (json) => Object.assign(json['nodes']![1]!, { input: 'constructor' })],
    [/the name is used twice/, (json) => json['nodes']!.push(json['nodes']![0]!)],
    [/outputs for 2 classes/, (json) => json['classes']!.pop()],
    [/one value per channel/, (json) => json['input']!['mean']!.pop()],
    [
      /missing \(4\): stem\.2\.weight, .*unexpected \(4\): stem\.1\.weight/s,
      (json) => Object.assign(json['nodes']![0]!, { bn: 'stem.2' }),
    ],
  ];
  for (const [message, change] of nets)
    refused(() => readNet(changed(netFile, structure('net', change)), 'f.st'), message);

  const first = (json: Json) => json['nodes']![0]!;
  const graphs: [RegExp, (json: Json) => void][] = [
    [/a reserved name/, (json) => Object.assign(first(json), { output: 'constructor' })],
    [
      /wrong at tensors\.toString: Invalid key/,
      (json) => Object.assign(json['tensors']!, { toString: json['tensors']!['input'] }),
    ],
    [
      /the array 'stem\.0\.weight' is missing, has the wrong size/,
      (json) => Object.assign(first(json), { input: 'nothing' }),
    ],
    [
      /the array 'stem\.0\.weight' is missing, has the wrong size/,
      (json) => Object.assign(first(json), { out: 60000 }),
    ],
    [
      /the array 'stem\.0\.weight' is missing, has the wrong size/,
      (json) => Object.assign(first(json), { groups: 64 }),
    ],
    [
      /more than 2097152 channels/,
      (json) => {
        for (let i = 0; i < 40; i++)
          Object.assign(json['tensors']!, {
            [`t${i}`]: { kind: 'membrane', type: 'i32', shape: [1, 1, 65536], scale: 1 },
          });
      },
    ],
    [
      // Hundreds of readers of one array: a proof of each would take long.
      /belongs to no node/,
      (json) => {
        for (let i = 0; i < 900; i++)
          json['nodes']!.push({ ...first(json), name: `n${i}`, output: `n${i}` } as unknown as Json);
      },
    ],
    [
      /wrong at nodes: Too big/,
      (json) => {
        for (let i = 0; i < 1000; i++)
          json['nodes']!.push({ ...first(json), name: `n${i}`, output: `n${i}` } as unknown as Json);
      },
    ],
  ];
  for (const [message, change] of graphs)
    refused(() => readGraph(changed(graphFile, structure('graph', change)), 'f.st'), message);
  const stray = new Map([...graph.data, ['stray', Int32Array.of(1)]]);
  refused(() => readGraph(writeGraph({ ...graph, data: stray }), 'f.st'), /'stray' .* belongs to no node/);
});

/** Places in a JSON value, each as the keys that lead there. */
function places(json: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof json !== 'object' || json === null) return [path];
  return [path, ...Object.entries(json).flatMap(([key, value]) => places(value, [...path, key]))];
}

const oddValues = fc.oneof(
  fc.constantFrom<unknown>(
    ...[null, true, '', 'input', 'constructor', '__proto__', [], {}, -1, 0, 0.5, 1, 2, 3, 7, 64],
    ...[255, 65535, 65536, 2 ** 27, 2 ** 31, 2 ** 53, 1e300, 'accumulate', 'membrane', 'i8', 'charge'],
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

/** A file whose structure holds other values, or lacks some, in a container that is right. */
function reshaped(
  file: Uint8Array,
  kind: 'net' | 'graph',
  changes: { at: number; value: unknown; remove: boolean }[],
): Uint8Array {
  return changed(
    file,
    structure(kind, (json) => {
      for (const { at, value, remove } of changes) {
        const all = places(json).slice(1);
        const path = all[at % all.length]!;
        let parent = json;
        for (const key of path.slice(0, -1)) parent = parent[key as string]!;
        if (remove) delete parent[path.at(-1) as string];
        else parent[path.at(-1) as string] = value as Json;
      }
    }),
  );
}

test('12,000 damaged files are read or refused, never more', () => {
  const change = fc.record({ at: fc.nat({ max: 1e6 }), value: oddValues, remove: fc.boolean() });
  const changes = fc.array(change, { minLength: 1, maxLength: 3 });
  const outcomes = Array.from({ length: 5 }, () => ({ read: 0, refused: 0 }));
  const grew = growth(() =>
    fc.assert(
      fc.property(fc.nat({ max: 4 }), edits, changes, (kind, byteChanges, jsonChanges) => {
        const damaged = [
          () => readSafetensors(mutated(netFile, byteChanges)),
          () => readNet(mutated(netFile, byteChanges)),
          () => readGraph(mutated(graphFile, byteChanges)),
          () => readNet(reshaped(netFile, 'net', jsonChanges)),
          () => readGraph(reshaped(graphFile, 'graph', jsonChanges)),
        ][kind]!;
        outcomes[kind]![survives(damaged)]++;
      }),
      { numRuns: 12_000 },
    ),
  );
  assert.ok(grew < 300e6, `memory grew by ${grew} bytes`);
  for (const { read, refused } of outcomes) assert.ok(read > 0 && refused > 500, JSON.stringify(outcomes));
});

test.run();
