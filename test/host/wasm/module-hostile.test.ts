import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import binaryen from 'binaryen';
import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { emitBuild } from '../../../host/wasm/build.js';
import { load } from '../../../host/wasm/model.mjs';
import { type Graph, writeGraph } from '../../../models/index.js';
import { describeWasm, SECTION } from '../../../wasm/describe.js';
import { cli } from '../../support/cli-in-process.js';
import { GraphBuilder, seeded } from '../../support/random-graph.js';

/**
 * Modules that say they are a model and do what none does: `run` and `verify` end, with an error that says
 * why.
 */
const folder = mkdtempSync(join(tmpdir(), 'spikelet hostile-'));
process.chdir(folder);
const graphOf = (channels: number) => {
  const b = new GraphBuilder(seeded(9), [32, 32, channels]);
  const geometry = { kernel: [32, 32], stride: [1, 1], padding: [0, 0], groups: 1, out: 8 } as const;
  b.accumulate('head', 'input', geometry as never, { kind: 'readout' });
  return b.graph;
};
const graph = graphOf(2);
writeFileSync(join(folder, 'graph.safetensors'), writeGraph(graph));
const builtOf = async (from: Graph) => (await emitBuild(from)).files[0]!.contents as Uint8Array<ArrayBuffer>;
const honest = await builtOf(graph);
/** Of photos. */
const coloured = await builtOf(graphOf(3));
const { arena } = describeWasm(honest);
const PAGES = Math.ceil((arena[0] + arena[1]) / 65536);

const { i32, i64, none, createType } = binaryen;
const endless = (m: binaryen.Module) => m.loop('again', m.br('again'));

type Made = { infer?(m: binaryen.Module): number; params?: number[]; pages?: [number, number] };

/** A module with the honest one's description. */
function moduleOf(
  { infer = (m) => m.nop(), params = [i32], pages = [PAGES, PAGES] }: Made,
  more: (m: binaryen.Module) => void = () => {},
  from = honest,
): Uint8Array {
  const m = new binaryen.Module();
  try {
    m.setFeatures(binaryen.Features.All);
    m.setMemory(...pages, 'memory');
    m.addFunctionImport('trace', 'env', 'trace', createType([i32, i32, i32]), none);
    m.addFunction('infer', createType(params), none, [], infer(m));
    m.addFunctionExport('infer', 'infer');
    more(m);
    const [description] = WebAssembly.Module.customSections(new WebAssembly.Module(from), SECTION);
    m.addCustomSection(SECTION, new Uint8Array(description!));
    return m.emitBinary();
  } finally {
    m.dispose();
  }
}

const modules: Record<string, [bytes: Uint8Array, RegExp]> = {
  endless: [moduleOf({ infer: endless }), /stopped after 2 s\n.*--timeout/],
  'endless-start': [
    moduleOf({}, (m) => m.setStart(m.addFunction('start', none, none, [], endless(m)))),
    /refusing to start .*: it has a start function/,
  ],
  'endless-calls': [
    moduleOf({ infer: (m) => m.call('infer', [m.i32.const(0)], none) }),
    /stopped: Maximum call stack/,
  ],
  'endless-trace': [
    moduleOf({
      infer: (m) => m.call('trace', [m.i32.const(0), m.i32.const(0), m.i32.const(2 ** 31 - 1)], none),
    }),
    /writes rows 0\.\.2147483647|first difference/,
  ],
  'before-its-rows': [
    moduleOf({ infer: (m) => m.call('trace', [m.i32.const(0), m.i32.const(-5), m.i32.const(1)], none) }),
    /writes rows -5|first difference/,
  ],
  'all-memory': [
    moduleOf({ pages: [65_536, 65_536] }),
    /refusing to start .*: its memory has 65536 to 65536 pages/,
  ],
  'more-memory': [
    moduleOf({ pages: [PAGES, 65_536] }),
    /refusing to start .*: its memory has \d+ to 65536 pages/,
  ],
  'less-memory': [moduleOf({ pages: [0, PAGES] }), /refusing to start .*: its memory has 0/],
  table: [
    moduleOf({}, (m) => m.addTable('t', 9_000_000, 9_000_000)),
    /refusing to start .*: it has function tables/,
  ],
  import: [
    moduleOf({}, (m) => m.addFunctionImport('read', 'wasi_snapshot_preview1', 'fd_read', none, none)),
    /refusing to start .*: it imports 'wasi_snapshot_preview1\.fd_read'/,
  ],
  'other-type': [moduleOf({ params: [i64] }), /stopped: .*BigInt/],
  trap: [moduleOf({ infer: (m) => m.unreachable() }), /stopped: unreachable/],
};

mkdirSync(join(folder, 'images'));
for (const name of ['0.png', '1.png', '2.png'])
  await sharp({ create: { width: 32, height: 32, channels: 3, background: '#123456' } }).toFile(
    join(folder, 'images', name),
  );
const GESTURES = ['--data', 'gestures:train=8,test=8', '--count', '2'];

for (const [name, [bytes, message]] of Object.entries(modules))
  test(`verify ends with a module that does what no model does: ${name}`, async () => {
    writeFileSync(join(folder, `${name}.wasm`), bytes);
    const { code, stdout, stderr } = await cli(
      ...['verify', 'graph.safetensors', '--against', 'wasm', '--build', `${name}.wasm`],
      ...GESTURES,
      // Time enough for a busy machine where something else than time ends it.
      ...(name === 'endless' ? ['--timeout', '2'] : []),
    );
    assert.is(code, 1, stdout + stderr);
    assert.match(stderr, message);
    assert.match(stderr, /hint: /);
    assert.not.match(stderr, /itself failed|\n {4}at /);
  });

test('run --timeout ends an endless module, on one image, on a folder and on threads', async () => {
  writeFileSync(join(folder, 'photos.wasm'), moduleOf({ infer: endless }, undefined, coloured));
  const images = [
    ['run', 'photos.wasm', '--input', join('images', '0.png')],
    ['run', 'photos.wasm', '--input', 'images', '--results', 'one.jsonl'],
    ['run', 'photos.wasm', '--input', 'images', '--results', 'two.jsonl', '--threads', '2'],
  ];
  for (const args of images) {
    const { code, stderr } = await cli(...args, '--timeout', '2');
    assert.is(code, 1, stderr);
    assert.match(stderr, /stopped after 2 s/);
    assert.not.match(stderr, /itself failed|\n {4}at /);
  }
});

test('a module whose numbers differ ends verify with code 4, an equal one with 0', async () => {
  const verify = (module: string) => {
    const args = ['verify', 'graph.safetensors', '--against', 'wasm', '--build', module, ...GESTURES];
    return cli(...args);
  };
  writeFileSync(join(folder, 'honest.wasm'), honest);
  assert.is((await verify('honest.wasm')).code, 0);
  writeFileSync(join(folder, 'idle.wasm'), moduleOf({}));
  const { code, stdout } = await verify('idle.wasm');
  assert.is(code, 4, stdout);
  assert.match(stdout, /0 of 2 samples equal/);
});

test('the loader of a page starts no module that takes other memory than its model', async () => {
  const whole = await load(honest);
  assert.is(whole.infer(new Uint8Array(32 * 32 * 2)).length, 8);
  const refused = async (given: Parameters<typeof load>[0], message: RegExp) =>
    load(given).then(
      () => assert.unreachable('it was loaded'),
      (error: Error) => assert.match(error.message, message),
    );
  for (const name of ['all-memory', 'more-memory', 'less-memory', 'endless-start'] as const)
    await refused(
      modules[name]![0],
      /^the given data is not started: it(s memory is \d+ pages| has a start)/,
    );
  // Of a compiled module only the memory that it has made is seen.
  const compiled = new WebAssembly.Module(modules['all-memory']![0] as Uint8Array<ArrayBuffer>);
  await refused(compiled, /is not started: its memory is 65536 pages, and its model's \d+;/);
});

test.after(() => rmSync(folder, { recursive: true }));
test.run();
