import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { emitBuild } from '../host/wasm/build.js';
import { interpret, type OutputFile, pixelTable, product, rawToPixels } from '../models/index.js';
import { browser, inFolder, resultOf, whileOpen } from './support/browser.js';
import { randomGraph, seeded } from './support/random-graph.js';
import { areThere, type Need, testWith } from './support/skip.js';

/** The folder that build writes, in programs that bundlers make of it: they run in a browser, or in Node. */
const web = fileURLToPath(new URL('../../test/web/', import.meta.url));
const bundlers: Need = {
  name: 'bundlers',
  install: 'npm install --prefix test/web',
  find: () => existsSync(join(web, 'node_modules', 'vite')),
};
const installed = await areThere([bundlers]);

const graph = randomGraph(seeded(21), 6);
const raw = Uint8Array.from({ length: product(graph.tensors['input']!.shape) }, (_, i) => (i * 7919) % 256);
const logits = [...interpret(graph, rawToPixels(pixelTable(graph), raw))];
const builds = installed
  ? {
      inside: (await emitBuild(graph, { also: ['swar'] })).files,
      outside: (await emitBuild(graph, { weights: 'outside' })).files,
      threads: (await emitBuild(graph, { threads: 2 })).files,
    }
  : { inside: [], outside: [], threads: [] };
type Build = keyof typeof builds;

/** A program whose main part is a module, or where `given` says from where it takes the model. */
const program = (build: Build, given: string, answer: string) => `import { load } from './build/model.mjs';
(async () => {
  const model = await load(${given}, undefined, { threads: ${build === 'threads' ? 2 : 1} });
  const logits = [...model.infer(Uint8Array.from([${raw}]))];
  await model.close();
  return JSON.stringify([model.threads, logits]);
})().catch(String).then((text) => ${answer});
`;
const post = "fetch('/result', { method: 'POST', body: text })";
const expected = (build: Build) => JSON.stringify([build === 'threads' ? 2 : 1, logits]);

async function inBundle(
  bundler: string,
  build: Build,
  text: string,
  job: (out: string) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    await mkdir(join(folder, 'build'));
    for (const { path, contents } of builds[build]) await writeFile(join(folder, 'build', path), contents);
    await writeFile(join(folder, 'app.js'), text);
    const out = join(folder, 'out');
    execFileSync(process.execPath, [join(web, 'bundle.mjs'), bundler, folder, out], { stdio: 'pipe' });
    await job(out);
  });
}

const filesIn = (folder: string): OutputFile[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return { path: path.slice(folder.length + 1), contents: readFileSync(path) };
    });

const isolated = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

const inBrowser = await testWith([bundlers, browser]);
for (const [bundler, types, given = 'undefined'] of [
  ['esbuild-esm', ['inside', 'outside', 'threads']],
  ['esbuild-iife', ['inside'], "new URL('model.wasm', location.href)"],
  ['rollup', ['inside', 'outside', 'threads']],
  ['webpack', ['inside', 'outside', 'threads']],
  ['vite', ['inside', 'outside', 'threads']],
] as [string, Build[], string?][])
  for (const build of types)
    inBrowser(`${bundler} takes a build (${build}), which runs in a browser`, () =>
      inBundle(bundler, build, program(build, given, post), async (out) => {
        const type = bundler.endsWith('iife') ? 'text/javascript' : 'module';
        const page = `document.head.append(Object.assign(document.createElement('script'), { src: './app.js', type: '${type}' }));`;
        assert.is(await resultOf(filesIn(out), page, isolated), expected(build));
      }),
    );

for (const build of ['inside', 'outside', 'threads'] as Build[])
  inBrowser(`vite serves a build (${build}) while one develops`, () =>
    inFolder(async (folder) => {
      await mkdir(join(folder, 'build'));
      for (const { path, contents } of builds[build]) await writeFile(join(folder, 'build', path), contents);
      await writeFile(join(folder, 'app.js'), program(build, 'undefined', post));
      await writeFile(join(folder, 'index.html'), '<script type="module" src="./app.js"></script>');
      const server = spawn(process.execPath, [join(web, 'bundle.mjs'), 'vite-dev', folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      try {
        const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
        const next = async () => String((await lines.next()).value);
        const url = await next();
        await inFolder(async (profile) => {
          assert.is(await whileOpen(url, profile, next()), expected(build));
        });
      } finally {
        server.kill();
      }
    }),
  );

const inNode = await testWith([bundlers]);
for (const [bundler, types, given = 'undefined'] of [
  ['esbuild-node-esm', ['inside', 'outside', 'threads']],
  ['esbuild-node-cjs', ['inside'], "require('node:path').join(__dirname, 'model.wasm')"],
  ['webpack-node', ['inside', 'outside']],
] as [string, Build[], string?][])
  for (const build of types)
    inNode(`${bundler} takes a build (${build}), which runs in Node`, () =>
      inBundle(bundler, build, program(build, given, 'console.log(text)'), async (out) => {
        const type = bundler.endsWith('esm') ? 'module' : 'commonjs';
        await writeFile(join(out, 'package.json'), JSON.stringify({ type }));
        const said = execFileSync(process.execPath, [join(out, 'app.js')], { encoding: 'utf8' });
        assert.is(said.trim(), expected(build));
      }),
    );

inNode('a bundle that does not know where it is says so', () =>
  inBundle('esbuild-node-cjs', 'inside', program('inside', 'undefined', 'console.log(text)'), async (out) => {
    await writeFile(join(out, 'package.json'), '{ "type": "commonjs" }');
    const said = execFileSync(process.execPath, [join(out, 'app.js')], { encoding: 'utf8' });
    assert.match(
      said,
      /this bundle does not know where model\.wasm is: give load\(\) its address or its bytes/,
    );
  }),
);

test.run();
