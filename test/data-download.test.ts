import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { download } from '../host/data/download.js';
import { cacheFolder, fetchFashionMnist, readFashionMnist } from '../host/data/fashion-mnist.js';
import { idxFiles } from '../host/data/idx-files.js';
import { SpikeletError } from '../models/index.js';

const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');

let folder = '';
let server: Server | undefined;
test.before.each(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spikelet-download-'));
});
test.after.each(async () => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function serve(listener: RequestListener): Promise<string> {
  const started = createServer(listener);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
}

async function refusal(run: Promise<unknown>): Promise<SpikeletError> {
  const error = await run.then(
    () => undefined,
    (error) => error,
  );
  assert.instance(error, SpikeletError, String(error?.stack ?? 'nothing was refused'));
  assert.ok(error.hint);
  return error;
}

/** Four small files in the shape of Fashion-MNIST, as a server's answers. */
function fakeFiles(): Record<string, Uint8Array> {
  const header = (...sizes: number[]) => sizes.flatMap((size) => [0, 0, 0, size]);
  const images = (count: number) =>
    gzipSync(
      Uint8Array.from([
        0,
        0,
        8,
        3,
        ...header(count, 2, 2),
        ...Array.from({ length: count * 4 }, (_, i) => i),
      ]),
    );
  const labels = (count: number) =>
    gzipSync(
      Uint8Array.from([0, 0, 8, 1, ...header(count), ...Array.from({ length: count }, (_, i) => i % 10)]),
    );
  return {
    [idxFiles.trainImages]: images(20),
    [idxFiles.trainLabels]: labels(20),
    [idxFiles.testImages]: images(10),
    [idxFiles.testLabels]: labels(10),
  };
}

test('fills the cache once, and again where a file was damaged', async () => {
  const files = fakeFiles();
  const asked: string[] = [];
  const address = await serve((request, response) => {
    asked.push(request.url ?? '');
    response.end(files[(request.url ?? '').slice(1, -3)]);
  });
  const from = {
    address,
    md5: Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, md5(bytes)])),
  };
  const lines: string[] = [];
  await fetchFashionMnist(folder, from, (line) => lines.push(line));
  assert.is(asked.length, 4);
  assert.is(lines.length, 4);
  assert.is((await readFashionMnist(folder)).train.count, 20);
  assert.is((await readdir(folder)).length, 4, 'no partial file is left');
  await fetchFashionMnist(folder, from);
  assert.is(asked.length, 4);
  await writeFile(join(folder, `${idxFiles.testLabels}.gz`), 'damaged');
  await fetchFashionMnist(folder, from);
  assert.equal(asked.slice(4), [`/${idxFiles.testLabels}.gz`]);
});

test('refuses other bytes, too many bytes, an error page and silence, and leaves nothing behind', async () => {
  const address = await serve((request, response) => {
    if (request.url === '/missing') response.writeHead(404).end('not here');
    else if (request.url === '/silent') response.flushHeaders();
    else if (request.url === '/broken') {
      response.writeHead(200, { 'content-length': 100 });
      response.write('ten bytes.', () => response.destroy());
    } else response.end('ten bytes.');
  });
  const path = join(folder, 'file');
  const right = md5(Buffer.from('ten bytes.'));
  const remote = (where: string, sum = right, maxBytes = 10) => ({
    url: `${address}/${where}`,
    md5: sum,
    maxBytes,
  });
  const why = async (run: Promise<unknown>) => (await refusal(run)).message;
  assert.match(await why(download(remote('x', md5(Buffer.from('others'))), path)), /publisher says/);
  assert.match(await why(download(remote('x', right, 9), path)), /longer than 9 bytes/);
  assert.match(await why(download(remote('missing'), path)), /answered 404/);
  assert.match(await why(download(remote('silent'), path, undefined, 200)), /no answer for 0.2 seconds/);
  assert.match(await why(download(remote('broken'), path)), /cannot download/);
  assert.equal(await readdir(folder), []);
  await download(remote('x'), path);
  assert.is(await readFile(path, 'utf8'), 'ten bytes.');
});

test('without a network: one error that says what to do', async () => {
  const dead = await serve(() => {});
  await new Promise((resolve) => server?.close(resolve));
  for (const address of [dead, 'http://fashion-mnist.invalid']) {
    const error = await refusal(
      fetchFashionMnist(folder, { address, md5: { 'train-images-idx3-ubyte': 'x' } }),
    );
    assert.match(
      error.message,
      /cannot download http:.*train-images-idx3-ubyte.gz: .*(ECONNREFUSED|ENOTFOUND|EAI_AGAIN)/,
    );
    assert.match(error.hint ?? '', /fashion-mnist=FOLDER/);
  }
  await writeFile(join(folder, 'file'), '');
  const blocked = await refusal(
    download({ url: dead, md5: 'x', maxBytes: 1 }, join(folder, 'file', 'inside')),
  );
  assert.match(blocked.hint ?? '', /XDG_CACHE_HOME/);
});

test('the cache lies in XDG_CACHE_HOME, or in ~/.cache', () => {
  const before = process.env['XDG_CACHE_HOME'];
  try {
    process.env['XDG_CACHE_HOME'] = folder;
    assert.is(cacheFolder('a'), join(folder, 'spikelet', 'a'));
    delete process.env['XDG_CACHE_HOME'];
    assert.match(cacheFolder('a'), /\.cache[/\\]spikelet[/\\]a$/);
  } finally {
    if (before !== undefined) process.env['XDG_CACHE_HOME'] = before;
  }
});

test.run();
