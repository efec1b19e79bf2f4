import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OutputFile } from '../models/index.js';

const CHROMIUM = '/usr/bin/chromium';

export const browserThere = existsSync(CHROMIUM);
if (!browserThere) console.log('skipped: no browser: apt-get install chromium');

export async function inFolder(job: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'spikelet-test-'));
  try {
    await job(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const types: Record<string, string> = {
  mjs: 'text/javascript',
  wasm: 'application/wasm',
  mts: 'text/plain',
};

/**
 * Serves `files` and a page whose module is `script` and shows what it hands to `result(text)`, in <p id="result">;
 * returns the page's DOM as a browser has it at the end. `headers` of every answer.
 */
export async function domOf(
  files: OutputFile[],
  script: string,
  headers: Record<string, string> = {},
): Promise<string> {
  const page = `<!doctype html><meta charset="utf-8"><p id="result"></p><script type="module">
const result = (text) => { document.getElementById('result').textContent = text; };
${script}
</script>`;
  const server = createServer(({ url }, response) => {
    const file = files.find(({ path }) => url === `/${path}`);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (!file && url !== '/') return response.writeHead(404).end();
    response.setHeader('content-type', types[url!.split('.').at(-1)!] ?? 'text/html');
    return response.end(file ? file.contents : page);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  try {
    let dom = '';
    await inFolder(async (profile) => {
      const { port } = server.address() as AddressInfo;
      dom = await dumpDom(`http://127.0.0.1:${port}/`, profile);
    });
    return dom;
  } finally {
    server.close();
  }
}

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
