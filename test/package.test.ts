import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inFolder } from './support/browser.js';

/** What those get who install the package: types, what npm packs, and how much comes with it. */
const root = fileURLToPath(new URL('../..', import.meta.url));
const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const usesPackage = `import { type Config, defineConfig, emitBuild, loadDataset, loadWasm, verifyWasm } from 'spikelet';
import { readGraph } from 'spikelet/models';
import { quantize } from 'spikelet/quantize';
export const config: Config = defineConfig({ train: { model: 'tiny', data: 'gestures', epochs: 8 } });
export async function main(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const graph = readGraph(bytes);
  const { files } = await emitBuild(graph, { also: ['swar'] });
  const model = loadWasm(files[0]!.contents as Uint8Array<ArrayBuffer>);
  const { equal } = verifyWasm(graph, model, [new Int8Array(1)]);
  return equal + model.memory.buffer.byteLength + Number(quantize !== undefined) + (await loadDataset('gestures')).test.count;
}`;

/** A program with every public function, and no types but the package's own. */
const usesAll = `import * as spikelet from 'spikelet';
import type { BuildOptions, Dataset, EpochReport, Graph, Images, Inspection, Model, Net, OutputFile, Part, Profile, TargetName, Verification } from 'spikelet';
import { createNet, writeGraph } from 'spikelet/models';
export async function main(bytes: Uint8Array<ArrayBuffer>): Promise<unknown> {
  const data: Dataset = await spikelet.loadDataset('gestures', { log: (line: string) => void line });
  spikelet.checkDataset(data);
  const usage: string = spikelet.datasetUsages();
  const fresh: Net = spikelet.netFor(data, Object.keys(spikelet.zoo)[0]!, { widths: [8, 16], seed: 1 });
  const epochs: EpochReport[] = [];
  const { net, state, aborted } = await spikelet.train(spikelet.netOn(data, fresh), data, {
    options: { ...spikelet.trainDefaults, epochs: 1 },
    backend: 'wasm',
    signal: { aborted: false },
    onStep: ({ step, loss }) => void (step + loss),
    onEpoch: async (epoch) => void epochs.push(epoch),
  });
  const { accuracy } = await spikelet.evaluate(net, data);
  const { state: again } = spikelet.readCheckpoint(spikelet.writeCheckpoint({ net, state, data: usage }), 'run');
  const { net: imported, notes } = await spikelet.importCheckpoint(bytes, { heads: 2, inputShape: [32, 32, 3] });
  const graph: Graph = spikelet.quantize(imported, data, { bits: 4, calibrate: 10, onLayer: (name, done, layers) => void [name, done, layers] });
  const { sqnr } = spikelet.compare(net, graph, data, { count: 1 });
  spikelet.readGraph(spikelet.writeGraph(graph));
  spikelet.readNet(spikelet.writeNet(net));
  await spikelet.loadGraph('graph.safetensors');
  await spikelet.loadNet('net.safetensors');
  const { ramBytes, peak } = spikelet.plan(graph, { ram: 4096 }).result;
  const options: BuildOptions['firmware'] = { board: spikelet.boards[0]!.name, checked: true };
  const { files, data: sizes } = await spikelet.build(graph, 'wasm', { also: ['swar'], threads: 2 });
  const arena: number = sizes.arenaBytes;
  const { predicted } = (await spikelet.build(graph, 'firmware', options)).data;
  const { lanes } = (await spikelet.build(graph, 'verilog', { board: spikelet.fpgaBoards[0]!.name })).data;
  const parts: Part[] = [];
  const made = await spikelet.buildTo('out', graph, 'verilog', { board: 'icebreaker' }, { report: (part) => parts.push(part), force: true });
  const area: number | undefined = made.area?.luts;
  const linked = (await spikelet.buildTo('out', graph, 'firmware', options)).linked?.model.code;
  // @ts-expect-error lanes are of verilog
  await spikelet.build(graph, 'wasm', { lanes: 3 });
  // @ts-expect-error there is no such target
  await spikelet.build(graph, 'abacus');
  const images: Images = [new Int8Array(1)];
  const verified: Verification = await spikelet.verify(graph, 'wasm', images, { count: 1, build: 'out' });
  const { stackBytes } = await spikelet.verify(graph, 'firmware', data, { board: 'rp2040' });
  const profile: Profile = await spikelet.profile(graph, data, { board: 'icebreaker', lanes: 4 }, { onProgress: (done) => void done });
  const model: Model = await spikelet.openModel(files as OutputFile[], { threads: 1 });
  const logits: Float64Array = await model.logits(await spikelet.readImage('a.png', model));
  await model.close?.();
  const inspections: Inspection[] = [await spikelet.inspect('out'), spikelet.inspectOnData(graph, data)];
  const { designs, notMeasured } = await spikelet.explore([graph], 'icebreaker', { measure: 0, images: data });
  const flashed = await spikelet.flash('out', { board: 'rp2040', onProgress: (done, all) => void (done / all) });
  const image: OutputFile = await spikelet.flashFile('out', 'rp2040');
  await spikelet.monitor((said) => void ('text' in said && said.text), { signal: { aborted: true } });
  const missing = (await spikelet.doctor()).filter(({ version }) => version === null);
  const names: TargetName[] = spikelet.targetNames;
  const error = new spikelet.SpikeletError('x', { hint: 'y', code: spikelet.exitCode.usage });
  const best = spikelet.ranking(logits, 5);
  return [aborted, accuracy, again, notes, sqnr, ramBytes, peak, arena, predicted, lanes, area, linked, verified, stackBytes, profile,
    inspections, designs, notMeasured, flashed, image, missing, names, error, best, createNet, writeGraph];
}`;

const usesLoader = `import { load, type Model } from './build/model.mjs';
export async function main(bytes: Uint8Array): Promise<Int32Array> {
  const model: Model = await load();
  for (const given of ['model.wasm', bytes, bytes.buffer as ArrayBuffer, new DataView(new ArrayBuffer(8))]) await load(given);
  await load(undefined, bytes, { threads: 2 });
  // @ts-expect-error a number is not a source
  await load(7);
  // @ts-expect-error nor is an array of numbers
  await load([0, 97, 115, 109]);
  // @ts-expect-error pixels are bytes
  model.infer(new Float32Array(8));
  // @ts-expect-error pixels are bytes
  model.infer([1, 2, 3]);
  model.infer({ data: new Uint8ClampedArray(4), width: 1, height: 1 });
  return model.infer(bytes);
}`;

/** In a program that has the DOM's types. */
const usesDom = `import { load } from './build/model.mjs';
export async function main(module: WebAssembly.Module, image: ImageData, blob: Blob): Promise<Int32Array> {
  const model = await load(module);
  await load(WebAssembly.compileStreaming(fetch('model.wasm')));
  await load(fetch('model.wasm'), fetch('model.weights.bin'));
  await load(new URL('model.wasm', location.href));
  await load(blob);
  return model.infer(image);
}`;

/** Errors of a strict compilation that checks the package's own types too. */
async function errorsOf(
  programs: Record<string, string>,
  lib: string[],
  resolution: string,
): Promise<string> {
  let errors = '';
  await inFolder(async (folder) => {
    await mkdir(join(folder, 'node_modules'));
    await symlink(root, join(folder, 'node_modules', 'spikelet'), 'dir');
    await mkdir(join(folder, 'build'));
    await cp(join(root, 'dist/host/wasm/model.d.mts'), join(folder, 'build/model.d.mts'));
    for (const [path, text] of Object.entries(programs)) await writeFile(join(folder, path), text);
    const compilerOptions = {
      ...{ noEmit: true, strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false },
      ...{ lib, target: 'es2022', types: [] },
      ...{ module: resolution === 'bundler' ? 'esnext' : resolution, moduleResolution: resolution },
    };
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: Object.keys(programs) }),
    );
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    errors = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
      encoding: 'utf8',
    }).stdout;
  });
  return errors;
}

for (const resolution of ['node16', 'bundler']) {
  test(`the types compile without the DOM's and Node's: ${resolution}`, async () => {
    const programs = { 'a.mts': usesPackage, 'b.mts': usesLoader, 'd.mts': usesAll };
    assert.is(await errorsOf(programs, ['es2022'], resolution), '');
  });
  test(`the loader's types take the DOM's: ${resolution}`, async () => {
    assert.is(await errorsOf({ 'b.mts': usesLoader, 'c.mts': usesDom }, ['es2022', 'dom'], resolution), '');
  });
}

test('a program of the types test uses every public function', async () => {
  const used = new Set([...`${usesPackage}${usesAll}`.matchAll(/\b\w+\b/g)].map(([word]) => word));
  const names = Object.keys(await import('../host/index.js'));
  assert.equal(
    names.filter((name) => !used.has(name)),
    [],
  );
});

test('what npm packs is what the package needs and names', () => {
  const pack = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  const packed: string[] = JSON.parse(pack.stdout)[0].files.map(({ path }: { path: string }) => path);
  for (const path of ['README.md', 'CHANGELOG.md', 'LICENSE', 'asconfig.json', 'dist/host/cli/main.js'])
    assert.ok(packed.includes(path), `${path} is not packed`);
  for (const loader of ['model', 'threads', 'threads-worker'])
    assert.ok(packed.includes(`dist/host/wasm/${loader}.mjs`), loader);
  assert.equal(
    packed.filter((path) => /(^|\/)test\/|\.map$|\.tsbuildinfo$|node_modules/.test(path)),
    [],
  );
  // A document's links lead to what is packed with it, or to the web.
  for (const page of packed.filter((path) => path.endsWith('.md')))
    for (const [, target] of readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^)#]+)[^)]*\)/g))
      if (!/^https?:/.test(target!)) {
        const path = join(page, '..', target!).replaceAll('\\', '/');
        assert.ok(packed.includes(path), `${page} links to ${target}, which is not packed`);
      }
});

test('one binaryen serves all; what only training needs is optional, and installed in a clone', () => {
  const require = createRequire(join(root, 'package.json'));
  const compiler = createRequire(join(root, 'node_modules/assemblyscript/package.json'));
  assert.is(compiler.resolve('binaryen'), require.resolve('binaryen'));
  for (const [name, version] of Object.entries(own.peerDependencies)) {
    assert.ok(own.peerDependenciesMeta[name]?.optional, name);
    assert.ok([undefined, version].includes(own.devDependencies[name]), name);
    assert.not(name in own.dependencies);
  }
  for (const name of ['@tensorflow/tfjs', '@tensorflow/tfjs-backend-wasm', '@tensorflow-models/mobilenet'])
    assert.ok(own.devDependencies[name] && own.peerDependencies[name], name);
});

/** A copy of the package in which training's packages are not found. */
test('without them train and demo say how they are installed, and doctor calls them optional', () =>
  inFolder(async (folder) => {
    const copy = join(folder, 'node_modules', 'spikelet');
    await writeFile(join(folder, 'package.json'), '{}');
    for (const path of ['dist', 'package.json'])
      await cp(join(root, path), join(copy, path), { recursive: true });
    for (const name of readdirSync(join(root, 'node_modules')))
      if (!name.startsWith('@tensorflow') && !name.startsWith('.'))
        await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name), 'junction');
    const spikelet = (...args: string[]) =>
      spawnSync(process.execPath, [join(copy, 'dist/host/cli/main.js'), ...args], {
        cwd: folder,
        encoding: 'utf8',
      });
    for (const args of [
      ['train', '--model', 'mini', '--data', 'gestures', '--out', 'net.safetensors'],
      ['demo'],
    ]) {
      const { status, stdout, stderr } = spikelet(...args);
      assert.is(status, 1);
      assert.is(stdout, '', 'nothing is begun');
      assert.match(stderr, /training needs TensorFlow\.js/);
      assert.match(
        stderr,
        /npm install --save-dev @tensorflow\/tfjs@[\d.]+ @tensorflow\/tfjs-backend-wasm@[\d.]+/,
      );
    }
    assert.not(existsSync(join(folder, 'spikelet-demo')));
    const { status, stdout } = spikelet('doctor');
    assert.is(status, 0, stdout);
    assert.match(stdout, /optional: @tensorflow\/tfjs: npm install --save-dev @tensorflow\/tfjs@/);
    assert.is(spikelet('--help').status, 0);
    const program = `const { imagenetClasses } = await import(${JSON.stringify(pathToFileURL(join(copy, 'dist/host/data/labels.js')).href)});
      console.log(JSON.stringify((await imagenetClasses(console.log)).slice(0, 2)));`;
    const names = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      encoding: 'utf8',
    });
    assert.match(
      names.stdout,
      /classes are shown as numbers; .*--labels .*npm install --save-dev @tensorflow-models\/mobilenet@/,
    );
    assert.match(names.stdout, /\["0","1"\]/);
  }));

test.run();
