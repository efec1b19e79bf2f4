import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import type { OutputFile } from '../../models/index.js';
import { find, type Need } from './skip.js';

const execute = promisify(execFile);

/** Browsers of one engine, under the names that systems give them. */
const programs = ['chromium', 'chromium-browser', 'google-chrome'];

/** A browser that starts and shows a page; its program is what is found. */
export const browser: Need = {
  name: 'a browser that starts',
  install: 'apt-get install chromium',
  async find() {
    for (const program of programs) if (await shows(program)) return program;
    return undefined;
  },
};

export async function inFolder(job: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'spikelet-test-'));
  try {
    await job(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const flagsOf = (profile: string): string[] => [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  `--user-data-dir=${profile}`,
];

async function shows(program: string): Promise<boolean> {
  let page = '';
  await inFolder(async (profile) => {
    const args = [...flagsOf(profile), '--dump-dom', 'data:text/html,<p>shown'];
    page = await execute(program, args, { timeout: LIMIT, killSignal: 'SIGKILL' }).then(
      ({ stdout }) => stdout,
      () => '',
    );
  });
  return page.includes('<p>shown');
}

const types: Record<string, string> = {
  mjs: 'text/javascript',
  js: 'text/javascript',
  wasm: 'application/wasm',
  mts: 'text/plain',
};

/** Longer than any page of a test takes to begin and to end. */
const LIMIT = 60_000;

/**
 * Serves `files` and a page whose module is `script`, opens it in a browser, and returns what the page hands
 * to `result(text)`, or the message of what it throws. `headers` of every answer.
 */
export async function resultOf(
  files: OutputFile[],
  script: string,
  headers: Record<string, string> = {},
): Promise<string> {
  const page = `<!doctype html><meta charset="utf-8"><script type="module">
const result = (body) => fetch('/result', { method: 'POST', body });
onerror = (message) => result(message);
onunhandledrejection = ({ reason }) => result(String(reason));
${script}
</script>`;
  let found: (text: string) => void;
  const result = new Promise<string>((resolve) => {
    found = resolve;
  });
  const server = createServer((request, response) => {
    const { url } = request;
    if (url === '/result') {
      text(request).then(found);
      return response.end();
    }
    const file = files.find(({ path }) => url === `/${path}`);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (!file && url !== '/') return response.writeHead(404).end();
    response.setHeader('content-type', types[url!.split('.').at(-1)!] ?? 'text/html');
    return response.end(file ? file.contents : page);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  let answer = '';
  try {
    await inFolder(async (profile) => {
      answer = await whileOpen(`http://127.0.0.1:${port}/`, profile, result);
    });
    return answer;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Opens a page, waits for `result` and closes the browser. */
export async function whileOpen(url: string, profile: string, result: Promise<string>): Promise<string> {
  const chromium = spawn(
    String(await find(browser)),
    [...flagsOf(profile), '--remote-debugging-port=0', url],
    // Its own group, so that all of its processes end with it.
    { stdio: 'ignore', timeout: LIMIT, detached: true },
  );
  const closed = new Promise<void>((resolve, reject) => {
    chromium.on('error', reject);
    chromium.on('close', () => resolve());
  });
  try {
    return await Promise.race([result, closed.then(() => 'the browser ended')]);
  } finally {
    if (chromium.pid && chromium.exitCode === null) process.kill(-chromium.pid, 'SIGKILL');
    await closed;
  }
}
