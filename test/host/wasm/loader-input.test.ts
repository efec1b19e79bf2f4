import { execFileSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { emitBuild } from '../../../host/wasm/build.js';
import { loadWasm } from '../../../host/wasm/load.js';
import type { load as Load } from '../../../host/wasm/model.mjs';
import { interpret, pixelTable, product, rawToPixels } from '../../../models/index.js';
import { inFolder } from '../../support/browser.js';
import { GraphBuilder, randomGraph, seeded } from '../../support/random-graph.js';

/** What model.mjs takes as images and as modules, and what it says of anything else. */
const graph = randomGraph(seeded(21), 6);
const size = product(graph.tensors['input']!.shape);
const raw = Uint8Array.from({ length: size }, (_, i) => (i * 7919) % 256);
const pixels = rawToPixels(pixelTable(graph), raw);
const expected = [...interpret(graph, pixels)];
const { files } = await emitBuild(graph);
const wasm = files[0]!.contents as Uint8Array<ArrayBuffer>;

type Files = typeof files;

const withLoader = (built: Files, job: (load: typeof Load, folder: string) => Promise<void>) =>
  inFolder(async (folder) => {
    for (const { path, contents } of built) await writeFile(join(folder, path), contents);
    const { load } = (await import(pathToFileURL(join(folder, 'model.mjs')).href)) as { load: typeof Load };
    await job(load, folder);
  });

const messageOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'nothing was refused',
    (error: Error) => error.message,
  );

test('infer takes bytes of every realm, by what they are', () =>
  withLoader(files, async (load) => {
    const model = await load();
    const elsewhere = (type: string, values: ArrayLike<number>) =>
      runInNewContext(`${type}.from([${Array.from(values)}])`);
    class Pixels extends Uint8Array {}
    const shared = new Uint8Array(new SharedArrayBuffer(size));
    shared.set(raw);
    for (const image of [
      Buffer.from(raw),
      Pixels.from(raw),
      shared,
      elsewhere('Uint8Array', raw),
      elsewhere('Uint8ClampedArray', raw),
      elsewhere('Int8Array', pixels),
      new Uint8Array([9, 9, 9, ...raw, 9]).subarray(3, 3 + size),
    ])
      assert.equal([...model.infer(image)], expected);
    // What a caller does to the arrays of the model changes no later image.
    model.shape.fill(1);
    assert.equal([...model.infer(raw)], expected);
  }));

test('infer refuses everything else, and says what it got', () =>
  withLoader(files, async (load) => {
    const model = await load();
    const other = loadWasm(wasm);
    const detached = new Uint8Array(size);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    const lying = Object.defineProperty(new Uint8Array(1), 'length', { value: size });
    const named = { [Symbol.toStringTag]: 'Uint8Array', length: size };
    const images: [unknown, RegExp][] = [
      [new Float32Array(raw), /a Float32Array/],
      [new Float64Array(raw), /a Float64Array/],
      [new Uint16Array(raw), /got a Uint16Array/],
      [runInNewContext(`new Float32Array(${size})`), /a Float32Array/],
      [[...raw], /an Array/],
      [Array(size).fill(Number.NaN), /an Array/],
      ['7'.repeat(size), /a string/],
      [{ length: size }, /an Object/],
      [named, /got/],
      [new Proxy(new Uint8Array(size), {}), /got/],
      [new DataView(new ArrayBuffer(size)), /a DataView/],
      [new ArrayBuffer(size), /an ArrayBuffer/],
      [detached, /detached/],
      [null, /null/],
      [undefined, /undefined/],
      [7, /a number/],
      [{ data: new Float32Array(size), width: 1, height: 1 }, /with a Float32Array/],
      [{ data: new Int8Array(size), width: 1, height: 1 }, /with an? Int8Array/],
    ];
    for (const [image, message] of images)
      assert.throws(
        () => model.infer(image as Uint8Array),
        (error: unknown) => error instanceof TypeError && message.test(error.message),
        String(message),
      );
    for (const image of [new Uint8Array(size - 1), new Uint8Array(size + 1), new Int8Array(0), lying])
      assert.throws(
        () => model.infer(image),
        (error: unknown) => error instanceof RangeError && /pixels, got/.test(error.message),
      );
    for (const image of [raw, new Float32Array(raw), [...pixels], 'x'])
      assert.throws(() => other.infer(image as never), TypeError);
    assert.throws(() => other.infer(pixels.subarray(1)), RangeError);
    assert.equal([...other.infer(runInNewContext(`Int8Array.from([${pixels}])`))], expected);
    assert.equal([...model.infer(raw)], expected, 'and goes on afterwards');
  }));

test('infer takes the ImageData of a canvas, without alpha where it is opaque', async () => {
  const b = new GraphBuilder(seeded(3), [4, 6, 3]);
  const geometry = { kernel: [4, 6], stride: [1, 1], padding: [0, 0], groups: 1, out: 3 } as const;
  b.accumulate('head', 'input', geometry as never, { kind: 'readout' });
  await withLoader((await emitBuild(b.graph)).files, async (load) => {
    const model = await load();
    const rgb = Uint8Array.from({ length: 72 }, (_, i) => (i * 31) % 256);
    const logits = [...interpret(b.graph, rawToPixels(pixelTable(b.graph), rgb))];
    const rgba = new Uint8ClampedArray(96).map((_, i) =>
      i % 4 === 3 ? 255 : rgb[((i / 4) | 0) * 3 + (i % 4)]!,
    );
    const image = (data: Uint8Array | Uint8ClampedArray, width = 6, height = 4) => ({ data, width, height });
    assert.equal([...model.infer(rgb)], logits);
    assert.equal([...model.infer(image(rgba))], logits);
    assert.equal([...model.infer(image(rgb))], logits);
    assert.throws(() => model.infer(image(rgba, 4, 6)), /images of 6 x 4 pixels, got 4 x 6/);
    assert.throws(() => model.infer(image(rgba.subarray(4))), /3 channels \(72 values\), got .* 92 values/);
    assert.throws(
      () => model.infer(image(rgba.map((x, i) => (i === 7 ? 254 : x)))),
      /pixel 1 is transparent/,
    );
  });
});

test('load takes bytes, responses, addresses, paths, modules, and promises of them', () =>
  withLoader(files, async (load, folder) => {
    const path = join(folder, 'model.wasm');
    const inContext = runInNewContext(`Uint8Array.from([${wasm}])`);
    const data = `data:application/wasm;base64,${Buffer.from(wasm).toString('base64')}`;
    for (const given of [
      wasm,
      wasm.slice().buffer,
      new DataView(wasm.slice().buffer),
      inContext,
      inContext.buffer,
      new Blob([wasm]),
      new Response(wasm),
      Promise.resolve(new Response(wasm)),
      pathToFileURL(path),
      pathToFileURL(path).href,
      { href: pathToFileURL(path).href },
      path,
      data,
      new URL(data),
      await WebAssembly.compile(wasm),
      WebAssembly.compile(wasm),
    ])
      assert.equal([...(await load(given)).infer(raw)], expected);
    for (const given of [
      7,
      {},
      [],
      () => wasm,
      new WebAssembly.Instance(await WebAssembly.compile(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))),
    ])
      assert.match(
        await messageOf(load(given as never)),
        /takes an address, a Response, bytes or a WebAssembly.Module/,
      );
  }));

test('what comes in place of a module is named, with its address', () =>
  withLoader(files, async (load, folder) => {
    const answers: [body: BodyInit, init: ResponseInit, RegExp][] = [
      [
        '<!DOCTYPE html><title>App</title>',
        { headers: { 'content-type': 'text/html' } },
        /HTML page \(text\/html\); it begins '<!DOCTYPE/,
      ],
      ['nothing there', { status: 404, statusText: 'Not Found' }, /: 404 Not Found$/],
      ['', { status: 200 }, /it is empty/],
      ['version https://git-lfs.github.com/spec/v1\noid sha256:1', {}, /Git LFS/],
      ['{"error":1}', {}, /JSON/],
      [Uint8Array.of(0x1f, 0x8b, 8, 0), {}, /gzip/],
      ['\u001b[31mred', {}, /begins '\.\[31mred'/],
      [wasm.subarray(0, 100), {}, /does not compile/],
      [Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0), {}, /no section 'spikelet'/],
    ];
    const { fetch } = globalThis;
    try {
      for (const [body, init, message] of answers) {
        globalThis.fetch = async () => new Response(body, init);
        const found = await messageOf(load(new URL('https://example.org/assets/model.wasm')));
        assert.match(found, message);
        assert.ok(found.startsWith('https://example.org/assets/model.wasm'), found);
      }
      globalThis.fetch = async () => Promise.reject(new TypeError('fetch failed'));
      assert.match(
        await messageOf(load('https://example.org/model.wasm')),
        /^https:.*cannot be fetched: fetch failed/,
      );
    } finally {
      globalThis.fetch = fetch;
    }
    await writeFile(join(folder, 'model.wasm'), 'version https://git-lfs.github.com/spec/v1');
    assert.match(await messageOf(load()), /model\.wasm is not WebAssembly: it is a Git LFS pointer/);
    await rm(join(folder, 'model.wasm'));
    assert.match(await messageOf(load()), /^file:.*model\.wasm cannot be read: ENOENT/);
    assert.match(await messageOf(load('')), /^an empty address cannot be read/);
  }));

test('weights of another build are refused, of whatever length', async () => {
  const built = (await emitBuild(graph, { weights: 'outside' })).files;
  const weights = built.find(({ path }) => path === 'model.weights.bin')!.contents as Uint8Array<ArrayBuffer>;
  await withLoader(built, async (load, folder) => {
    assert.equal([...(await load()).infer(raw)], expected);
    assert.equal([...(await load(join(folder, 'model.wasm'))).infer(raw)], expected);
    const module = built[0]!.contents as Uint8Array<ArrayBuffer>;
    assert.equal([...(await load(module, Promise.resolve(new Response(weights)))).infer(raw)], expected);
    assert.match(await messageOf(load(module)), /needs its weights file/);
    const page = new Response('<html>', { headers: { 'content-type': 'text/html' } });
    assert.match(await messageOf(load(module, page)), /bytes of weights, not 6: .*HTML page/);
    const other = weights.map((byte, i) => (i === 3 ? byte ^ 1 : byte));
    assert.match(await messageOf(load(module, other)), /from different builds, or damaged/);
  });
});

test('an engine without vectors is told how a module for it is built', () =>
  withLoader(files, async (load) => {
    const { validate, compile } = WebAssembly;
    WebAssembly.validate = () => false;
    try {
      assert.match(await messageOf(load()), /no SIMD .*'spikelet build --also swar'/);
      WebAssembly.compile = () => Promise.reject(new WebAssembly.CompileError('invalid opcode'));
      assert.match(await messageOf(load(wasm)), /no SIMD .*--also swar.*invalid opcode/);
    } finally {
      Object.assign(WebAssembly, { validate, compile });
    }
  }));

test('a module without vectors loads as model.wasm where the engine has none', async () => {
  const { validate } = WebAssembly;
  await withLoader((await emitBuild(graph, { tier: 'swar' })).files, async (load) => {
    WebAssembly.validate = () => false;
    try {
      assert.equal([...(await load()).infer(raw)], expected);
    } finally {
      WebAssembly.validate = validate;
    }
  });
});

test('bytes and modules load where there is little else: no fetch, Response, URL, TextDecoder, atob or timers', () =>
  inFolder(async (folder) => {
    for (const { path, contents } of files) await writeFile(join(folder, path), contents);
    const program = `import { readFileSync } from 'node:fs';
      const bytes = readFileSync(${JSON.stringify(join(folder, 'model.wasm'))});
      const { log } = console;
      const { load } = await import(${JSON.stringify(pathToFileURL(join(folder, 'model.mjs')).href)});
      for (const name of ['fetch', 'Response', 'Request', 'URL', 'TextDecoder', 'TextEncoder', 'atob', 'setTimeout', 'process', 'Buffer'])
        delete globalThis[name];
      const model = await load(Uint8Array.from(bytes));
      log(JSON.stringify([...model.infer(Uint8Array.from([${raw}]))]));
      await load('https://example.org/model.wasm').catch((error) => log(error.message));`;
    const out = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
      encoding: 'utf8',
    });
    const [logits, refused] = out.split('\n');
    assert.equal(JSON.parse(logits!), expected);
    assert.match(refused!, /no fetch\(\).*give load\(\) its bytes/);
  }));

test('the loader names only files that its build wrote, and imports nothing of Node', async () => {
  for (const options of [
    {},
    { also: ['swar', 'relaxed'] as const },
    { threads: 2 },
    { weights: 'outside' as const },
  ]) {
    const built = (await emitBuild(graph, options as object)).files;
    const paths = built.map(({ path }) => path);
    for (const { path, contents } of built.filter(({ path: name }) => name.endsWith('.mjs'))) {
      const text = String(contents);
      for (const [, name] of text.matchAll(/'\.\/([\w.-]+)'/g))
        assert.ok(paths.includes(name!), `${path}: ${name}`);
      assert.not.match(text, /(?:from|import\()\s*['"]node:/);
      assert.not.match(text, /^(?:const|let|var)[^=]*=\s*await|^await/m, 'a top-level await');
    }
    for (const name of paths.filter((path) => /\.(wasm|bin)$/.test(path)))
      assert.ok(
        String(built.find(({ path }) => path === 'model.mjs')!.contents).includes(`'./${name}'`),
        name,
      );
  }
});

test('load takes options as an object that has no others, and says what it got', () =>
  withLoader(files, async (load) => {
    assert.equal([...(await load(wasm, undefined, {})).infer(pixels)], expected);
    for (const [options, message] of [
      [null, /takes options like \{ threads: 4 \} and got null/],
      [4, /and got a number/],
      [[4], /and got an Array/],
      [{ thread: 4 }, /no option 'thread', only threads/],
      [{ threads: 0 }, /threads must be a positive integer, got 0/],
    ] as [never, RegExp][])
      assert.match(await messageOf(load(wasm, undefined, options)), message);
  }));

test.run();
