import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { emitBuild } from '../host/wasm/build.js';
import type { load as Load } from '../host/wasm/model.mjs';
import { interpret, pixelTable, product, rawToPixels } from '../models/index.js';
import { randomGraph, seeded } from './random-graph.js';

const CHROMIUM = '/usr/bin/chromium';

const graph = randomGraph(seeded(21), 6);
const raw = Uint8Array.from({ length: product(graph.tensors['input']!.shape) }, (_, i) => (i * 7919) % 256);
const pixels = rawToPixels(pixelTable(graph), raw);
const expected = [...interpret(graph, pixels)];
const { files } = await emitBuild(graph, { band: 2, fallback: true });

async function inFolder(job: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'spikelet-loader-'));
  try {
    await job(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('model.mjs runs in Node, on raw pixels and on the pixels of the network', () =>
  inFolder(async (folder) => {
    for (const { path, contents } of files) await writeFile(join(folder, path), contents);
    const { load } = (await import(pathToFileURL(join(folder, 'model.mjs')).href)) as { load: typeof Load };
    const model = await load();
    assert.equal(model.classes, graph.classes);
    assert.equal(model.shape, graph.tensors['input']!.shape);
    assert.equal([...model.infer(raw)], expected);
    assert.equal([...model.infer(Uint8ClampedArray.from(raw))], expected);
    assert.equal([...model.infer(pixels)], expected);
    assert.throws(() => model.infer(raw.subarray(1)), /pixels and got/);
    const bytes = files[0]!.contents as Uint8Array<ArrayBuffer>;
    assert.equal([...(await load(bytes)).infer(raw)], expected);
    assert.equal([...(await load(new Response(bytes))).infer(raw)], expected);
  }));

test('model.mjs takes the module without vectors where the engine has none', () =>
  inFolder(async (folder) => {
    for (const { path, contents } of files)
      if (path !== 'model.wasm') await writeFile(join(folder, path), contents);
    const { validate } = WebAssembly;
    assert.ok(
      validate(files.find(({ path }) => path === 'model-swar.wasm')!.contents as Uint8Array<ArrayBuffer>),
    );
    // An engine that knows no vector instruction.
    WebAssembly.validate = () => false;
    try {
      const { load } = (await import(pathToFileURL(join(folder, 'model.mjs')).href)) as { load: typeof Load };
      assert.equal([...(await load()).infer(raw)], expected);
    } finally {
      WebAssembly.validate = validate;
    }
  }));

const chromiumThere = existsSync(CHROMIUM);
if (!chromiumThere) console.log('skipped: no browser: apt-get install chromium');
(chromiumThere ? test : test.skip)('model.mjs runs in a browser', async () => {
  const page = `<!doctype html><meta charset="utf-8"><p id="logits"></p><script type="module">
import { load } from './model.mjs';
const model = await load();
document.getElementById('logits').textContent = JSON.stringify([...model.infer(Uint8Array.from([${raw}]))]);
</script>`;
  const types: Record<string, string> = {
    mjs: 'text/javascript',
    wasm: 'application/wasm',
    mts: 'text/plain',
  };
  const server = createServer(({ url }, response) => {
    const file = files.find(({ path }) => url === `/${path}`);
    if (!file && url !== '/') return response.writeHead(404).end();
    response.setHeader('content-type', types[url!.split('.').at(-1)!] ?? 'text/html');
    return response.end(file ? file.contents : page);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  try {
    await inFolder(async (profile) => {
      const { port } = server.address() as AddressInfo;
      const dom = await dumpDom(`http://127.0.0.1:${port}/`, profile);
      assert.match(dom, `<p id="logits">${JSON.stringify(expected)}</p>`);
    });
  } finally {
    server.close();
  }
});

/** The page's DOM after its scripts have run. */
function dumpDom(url: string, profile: string): Promise<string> {
  const chromium = spawn(
    CHROMIUM,
    [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      ...[`--user-data-dir=${profile}`, '--virtual-time-budget=10000', '--dump-dom', url],
    ],
    { stdio: ['ignore', 'pipe', 'ignore'], timeout: 40_000 },
  );
  let dom = '';
  chromium.stdout.on('data', (data) => {
    dom += data;
  });
  return new Promise((resolve, reject) => {
    chromium.on('error', reject);
    chromium.on('close', () => resolve(dom));
  });
}

test.run();
