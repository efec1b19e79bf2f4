import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { download, type Patience, type Remote } from '../../../host/data/download.js';
import { fetchFashionMnist, publisher, readFashionMnist } from '../../../host/data/fashion-mnist.js';
import { idxFiles } from '../../../host/data/idx-files.js';
import { cacheFolder } from '../../../host/system/cache.js';
import { SpikeletError } from '../../../models/index.js';
import { reference } from '../../support/needs.js';
import { shared } from '../../support/shared.js';
import { testWith } from '../../support/skip.js';

const sum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

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

/** What https://files.test is in these tests: the server below. Everything else is asked for as it stands. */
let origin = '';
const patience: Partial<Patience> = {
  waitMs: 1,
  get: (url, init) => fetch(String(url).replace('https://files.test', origin), init),
};
const ADDRESS = 'https://files.test';

async function serve(listener: RequestListener): Promise<string> {
  const started = createServer(listener);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
  return ADDRESS;
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
    sha256: Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, sum(bytes)])),
  };
  const lines: string[] = [];
  await fetchFashionMnist(folder, from, (line) => lines.push(line), patience);
  assert.is(asked.length, 4);
  assert.is(lines.length, 4);
  assert.is((await readFashionMnist(folder)).train.count, 20);
  assert.is((await readdir(folder)).length, 4, 'no partial file is left');
  await fetchFashionMnist(folder, from, undefined, patience);
  assert.is(asked.length, 4);
  await writeFile(join(folder, `${idxFiles.testLabels}.gz`), 'damaged');
  await fetchFashionMnist(folder, from, undefined, patience);
  assert.equal(asked.slice(4), [`/${idxFiles.testLabels}.gz`]);
});

test('refuses other bytes, too many bytes, an error page and silence; only a broken transfer leaves a part', async () => {
  const address = await serve((request, response) => {
    if (request.url === '/missing') response.writeHead(404).end('not here');
    else if (request.url === '/silent') response.flushHeaders();
    else if (request.url === '/broken') {
      response.writeHead(200, { 'content-length': 100 });
      response.write('ten bytes.', () => response.destroy());
    } else response.end('ten bytes.');
  });
  const path = join(folder, 'file');
  const right = sum(Buffer.from('ten bytes.'));
  const remote = (where: string, sha256 = right, maxBytes = 10) => ({
    url: `${address}/${where}`,
    sha256,
    maxBytes,
  });
  const attempt = (from: Remote, more = {}) => download(from, path, undefined, { ...patience, ...more });
  const why = async (run: Promise<unknown>) => (await refusal(run)).message;
  assert.match(
    await why(attempt(remote('x', sum(Buffer.from('others'))))),
    /SHA-256 is [0-9a-f]{64}, expected [0-9a-f]{64}/,
  );
  assert.match(await why(attempt(remote('x', right, 9))), /longer than 9 bytes/);
  assert.match(await why(attempt(remote('missing'))), /answered 404/);
  assert.match(
    await why(attempt(remote('silent'), { silenceMs: 200, retries: 1 })),
    /no answer for 0.2 seconds/,
  );
  assert.equal(await readdir(folder), []);
  assert.match(await why(attempt(remote('broken'))), /cannot download/);
  for (const name of await readdir(folder)) assert.match(name, /^\.file\.\d+\.[0-9a-f]{24}\.partial$/);
  await attempt(remote('x'));
  assert.is(await readFile(path, 'utf8'), 'ten bytes.');
  assert.equal(await readdir(folder), ['file']);
});

/** Whether a partial file has this size. */
const holds = (size: number): boolean =>
  readdirSync(folder).some((name) => name.endsWith('.partial') && statSync(join(folder, name)).size === size);

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const WHOLE = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 31) % 251));

/** Serves WHOLE by ranges; `breaks` answers end after 1,000 bytes. Tells which ranges were asked for. */
async function serveParts(breaks: number): Promise<{ remote: Remote; ranges: (string | undefined)[] }> {
  const ranges: (string | undefined)[] = [];
  const address = await serve((request, response) => {
    const { range } = request.headers;
    ranges.push(range);
    const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    if (start >= WHOLE.length) return response.writeHead(416).end();
    const rest = WHOLE.subarray(start);
    const part = start ? { 'content-range': `bytes ${start}-${WHOLE.length - 1}/${WHOLE.length}` } : {};
    response.writeHead(start ? 206 : 200, { 'content-length': rest.length, ...part });
    if (ranges.length > breaks) return response.end(rest);
    response.write(rest.subarray(0, 1000));
    return until(() => holds(start + 1000)).then(() => response.destroy());
  });
  return { ranges, remote: { url: `${address}/whole`, sha256: sum(WHOLE), maxBytes: 5000 } };
}

test('a broken transfer goes on where it was, in the same call and in a later one', async () => {
  const path = join(folder, 'whole');
  const { remote, ranges } = await serveParts(3);
  assert.match(
    (await refusal(download(remote, path, undefined, { ...patience, retries: 0 }))).message,
    /cannot/,
  );
  const lines: string[] = [];
  await download(remote, path, (line) => lines.push(line), patience);
  assert.equal(ranges, [undefined, 'bytes=1000-', 'bytes=2000-', 'bytes=3000-']);
  assert.is(lines.filter((line) => line.includes('resuming')).length, 2);
  assert.equal(await readFile(path), WHOLE);
  assert.equal(await readdir(folder), ['whole']);
});

test('what an ended process left is gone on with; where it is of another file, all is fetched', async () => {
  const path = join(folder, 'whole');
  const { remote, ranges } = await serveParts(0);
  const gone = spawnSync(process.execPath, ['-e', '']).pid;
  const left = (pid: number, digit: string) => join(folder, `.whole.${pid}.${digit.repeat(24)}.partial`);
  await writeFile(left(gone, '1'), WHOLE.subarray(0, 100));
  await download(remote, path, undefined, patience);
  await rm(path);
  await writeFile(left(gone, '2'), Buffer.alloc(100));
  await download(remote, path, undefined, patience);
  await rm(path);
  await writeFile(left(gone, '3'), Buffer.alloc(9000));
  await download(remote, path, undefined, patience);
  assert.equal(ranges, ['bytes=100-', 'bytes=100-', undefined, 'bytes=9000-', undefined]);
  assert.equal(await readFile(path), WHOLE);
  // That of a process which runs is its own, and a link is not written through.
  await rm(path);
  await writeFile(left(process.ppid, '4'), WHOLE.subarray(0, 100));
  await writeFile(join(folder, 'precious'), 'mine');
  await symlink(join(folder, 'precious'), left(gone, '5'));
  await download(remote, path, undefined, patience);
  assert.equal(ranges.slice(5), [undefined]);
  assert.is(await readFile(join(folder, 'precious'), 'utf8'), 'mine');
  assert.equal(await readFile(left(process.ppid, '4')), WHOLE.subarray(0, 100));
});

test('two at once both end with the right file', async () => {
  const path = join(folder, 'whole');
  const { remote } = await serveParts(2);
  await Promise.all(Array.from({ length: 3 }, () => download(remote, path, undefined, patience)));
  assert.equal(await readFile(path), WHOLE);
  assert.equal(await readdir(folder), ['whole']);
});

test('only https is spoken, redirects included', async () => {
  const seen: string[] = [];
  const address = await serve((request, response) => {
    seen.push(request.url ?? '');
    const to: Record<string, string> = {
      '/down': `${origin}/x`,
      '/side': '/x',
      '/round': '/round',
      '/file': 'file:///etc/passwd',
    };
    const location = to[request.url ?? ''];
    if (location) response.writeHead(302, { location }).end();
    else response.end('ten bytes.');
  });
  const path = join(folder, 'file');
  const from = (url: string) => ({ url, sha256: sum(Buffer.from('ten bytes.')), maxBytes: 10 });
  const why = async (url: string) => (await refusal(download(from(url), path, undefined, patience))).message;
  assert.match(await why(`${origin}/x`), /is not an https address/);
  assert.equal(seen, []);
  assert.match(await why(`${address}/down`), /cannot download https:.*: http:.* is not an https address/);
  assert.match(await why(`${address}/file`), /file:.* is not an https address/);
  assert.match(await why(`${address}/round`), /more than 5 redirects/);
  assert.not.ok(seen.includes('/x'));
  await download(from(`${address}/side`), path, undefined, patience);
  assert.is(await readFile(path, 'utf8'), 'ten bytes.');
  for (const [name, sha256] of Object.entries(publisher.sha256)) assert.match(sha256, /^[0-9a-f]{64}$/, name);
  assert.match(publisher.address, /^https:/);
});

const fashion = shared('data/fashion-mnist');
(await testWith([reference('data/fashion-mnist')]))(
  "the publisher's label files have the checksums that are wanted",
  async () => {
    for (const name of [idxFiles.trainLabels, idxFiles.testLabels])
      assert.is(sum(await readFile(join(fashion!, `${name}.gz`))), publisher.sha256[name]);
  },
);

test('without a network: one error that says what to do', async () => {
  const dead = await serve(() => {});
  await new Promise((resolve) => server?.close(resolve));
  for (const address of [dead, 'https://fashion-mnist.invalid']) {
    const sha256 = { 'train-images-idx3-ubyte': 'x' };
    const error = await refusal(fetchFashionMnist(folder, { address, sha256 }, undefined, patience));
    assert.match(
      error.message,
      /cannot download https:.*train-images-idx3-ubyte.gz: .*(ECONNREFUSED|ENOTFOUND|EAI_AGAIN)/,
    );
    assert.match(error.hint ?? '', /fashion-mnist=FOLDER/);
  }
  await writeFile(join(folder, 'file'), '');
  const blocked = await refusal(
    download({ url: dead, sha256: 'x', maxBytes: 1 }, join(folder, 'file', 'inside')),
  );
  assert.match(blocked.hint ?? '', /XDG_CACHE_HOME/);
});

test('the cache is in XDG_CACHE_HOME, or in ~/.cache', () => {
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
