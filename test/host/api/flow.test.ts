import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as spikelet from '../../../host/index.js';
import { rawImage } from '../../../models/dataset.js';
import { writeSafetensors } from '../../../models/safetensors.js';

/** From data to verified builds by the public functions alone, without the command line. */
const { SpikeletError } = spikelet;
const folder = mkdtempSync(join(tmpdir(), 'spikelet-api-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** None of them prints. */
const printed: string[] = [];
const originals = { stdout: process.stdout.write, stderr: process.stderr.write };
function listening<T>(use: () => Promise<T>): Promise<T> {
  for (const name of ['stdout', 'stderr'] as const)
    process[name].write = ((text: string) => printed.push(text) > 0) as typeof process.stdout.write;
  return use().finally(() => {
    for (const name of ['stdout', 'stderr'] as const) process[name].write = originals[name];
  });
}

const data = await spikelet.loadDataset('gestures:train=64,test=16');
const fresh = spikelet.netFor(data, 'mini', { widths: [4, 8], heads: 2, seed: 3 });
const steps: number[] = [];
const epochs: spikelet.EpochReport[] = [];
const trained = await listening(() =>
  spikelet.train(fresh, data, {
    options: { epochs: 1, batch: 32 },
    onStep: ({ step }) => void steps.push(step),
    onEpoch: (epoch) => void epochs.push(epoch),
  }),
);
const { net } = trained;
const graph = spikelet.quantize(net, data, { calibrate: 16 });

const rejects = async (promise: Promise<unknown>, message: string, code: number) => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.instance(error, SpikeletError);
  assert.match((error as Error).message, message);
  assert.is((error as InstanceType<typeof SpikeletError>).code, code);
};

test('train tells steps and epochs, and leaves the Net that was given alone', async () => {
  assert.equal(steps, [1, 2]);
  assert.is(epochs.length, 1);
  assert.is(trained.aborted, false);
  assert.not.equal([...net.params.values()][0]!.data, [...fresh.params.values()][0]!.data);
  const { accuracy } = await spikelet.evaluate(net, data);
  assert.is(accuracy, epochs[0]!.testAccuracy);
  const checkpoint = spikelet.writeCheckpoint({ net, state: trained.state, data: 'gestures' });
  assert.equal(spikelet.readCheckpoint(checkpoint, 'x').state.progress, trained.state.progress);
});

test('an aborted signal ends training before its first step', async () => {
  const { aborted, state } = await spikelet.train(fresh, data, { signal: { aborted: true } });
  assert.is(aborted, true);
  assert.is(state.progress.epoch, 0);
});

test('a Net compares with its Graph; both go through files', async () => {
  const { samples, layers, agreement } = spikelet.compare(net, graph, data, { count: 4 });
  assert.is(samples, 4);
  assert.ok(layers.length > 2 && agreement > 0);
  writeFileSync(join(folder, 'graph.safetensors'), spikelet.writeGraph(graph));
  writeFileSync(join(folder, 'net.safetensors'), spikelet.writeNet(net));
  assert.equal(await spikelet.loadGraph(join(folder, 'graph.safetensors')), graph);
  assert.equal((await spikelet.loadNet(join(folder, 'net.safetensors'))).nodes, net.nodes);
});

test('plan tells exact bytes and takes a budget', () => {
  const { result, parts } = spikelet.plan(graph);
  assert.ok(result.arenaBytes > 0 && parts.length > 5);
  assert.throws(() => spikelet.plan(graph, { ram: 16 }), /does not fit/);
  assert.throws(() => spikelet.plan(graph, { ram: 1e6, time: 2 }), /two budgets/);
});

test('build returns files for every target, and writes none', async () => {
  const before = readdirSync(folder);
  const said: string[] = [];
  const wasm = await spikelet.build(graph, 'wasm', { also: ['swar'] }, { note: (line) => said.push(line) });
  const firmware = await spikelet.build(graph, 'firmware', { board: 'mps2-an386', prefix: 'mine' });
  const verilog = await spikelet.build(graph, 'verilog', { board: 'icebreaker', lanes: 2 });
  const paths = ({ files }: { files: spikelet.OutputFile[] }) => files.map(({ path }) => path);
  assert.ok(paths(wasm).includes('model.wasm') && paths(wasm).includes('model-swar.wasm'));
  assert.is(wasm.data.ramBytes, spikelet.plan(graph).result.ramBytes);
  assert.match(said.join(), /planned: \d+ B of RAM/);
  assert.ok(paths(firmware).includes('Makefile') && paths(firmware).some((path) => path.endsWith('mine.h')));
  assert.is(firmware.data.board, 'mps2-an386');
  assert.ok(paths(verilog).includes('spikelet_core.v') && paths(verilog).includes('interface.json'));
  assert.equal([verilog.data.lanes, verilog.data.architecture], [2, 'sequential']);
  assert.equal(readdirSync(folder), before);
});

test('wrong options are refused by the table: of other targets, unknown, out of range', async () => {
  const build = (target: spikelet.TargetName, options: object) =>
    spikelet.build(graph, target, options as never);
  await rejects(build('wasm', { lanes: 4 }), '--lanes is for verilog', 2);
  await rejects(build('verilog', { threads: 2 }), '--threads is for wasm', 2);
  await rejects(build('firmware', { speed: 2 }), "build has no option 'speed'", 2);
  await rejects(build('verilog', { lanes: 99 }), '--lanes must be an integer from 1 to 64, got 99', 2);
  await rejects(build('firmware', {}), '--board is needed', 2);
  await rejects(build('firmware', { board: 'abacus' }), "there is no board 'abacus'", 2);
});

test('Net, Graph, files and folder open, and give the logits of one another', async () => {
  const { files } = await spikelet.build(graph, 'wasm');
  const reports: spikelet.Part[] = [];
  const out = join(folder, 'wasm');
  const { target, ...built } = await spikelet.buildTo(
    out,
    graph,
    'wasm',
    {},
    { report: (part) => reports.push(part) },
  );
  assert.is(target, 'wasm');
  assert.ok(built.files.includes('model.wasm') && reports.length > 2);
  const raw = rawImage(data.test, data.shape, 0);
  const logits = async (model: string | spikelet.Graph | spikelet.OutputFile[]) => {
    const opened = await spikelet.openModel(model);
    const found = [...(await opened.logits(raw))];
    await opened.close?.();
    return found;
  };
  const expected = await logits(graph);
  for (const model of [files, out, join(folder, 'graph.safetensors')])
    assert.equal(await logits(model), expected);
  const float = await spikelet.openModel(net);
  assert.is((await float.logits(raw)).length, data.classes.length);
  assert.is(spikelet.ranking(expected, 1).length, 1);
});

test('verify: every tensor is equal, fresh and of a folder; the next options are checked too', async () => {
  const done: number[] = [];
  const fresh = await spikelet.verify(graph, 'wasm', data, { count: 3 }, { onProgress: (n) => done.push(n) });
  assert.equal([fresh.samples, fresh.equal, fresh.firstDifference], [3, 3, null]);
  assert.equal(done, [1, 2, 3]);
  assert.ok(fresh.accuracy);
  const given = await spikelet.verify(graph, 'wasm', [new Int8Array(32 * 32 * 2)], {
    build: join(folder, 'wasm'),
  });
  assert.equal([given.samples, given.equal, given.accuracy], [1, 1, null]);
  await rejects(spikelet.verify(graph, 'wasm', data, { stall: 3 } as never), '--stall is for verilog', 2);
});

test('inspect tells Net, Graph and every kind of build apart', async () => {
  const written = async (target: 'firmware' | 'verilog', board: string) => {
    const { files } = await spikelet.build(graph, target, { board });
    const out = join(folder, target);
    const { writeFiles } = await import('../../../host/system/files.js');
    await writeFiles(out, files);
    return out;
  };
  const kindOf = async (model: Parameters<typeof spikelet.inspect>[0]) =>
    (await spikelet.inspect(model)).result.kind;
  assert.is(await kindOf(net), 'net');
  assert.is(await kindOf(graph), 'graph');
  assert.is(await kindOf(join(folder, 'net.safetensors')), 'net');
  assert.is(await kindOf(join(folder, 'wasm')), 'wasm');
  assert.is(await kindOf(join(folder, 'wasm/model.wasm')), 'wasm');
  assert.is(await kindOf(await written('firmware', 'rp2040')), 'firmware');
  assert.is(await kindOf(await written('verilog', 'icebreaker')), 'verilog');
  assert.is(spikelet.inspectOnData(graph, data, { count: 1 }).result.samples, 1);
  await rejects(spikelet.inspect(folder), folder, 1);
  writeFileSync(join(folder, 'verilog/interface.json'), '{"configuration":'.repeat(9));
  await rejects(spikelet.inspect(join(folder, 'verilog')), folder, 1);
});

test('explore estimates designs and draws them; profile asks for a board', async () => {
  const { designs, files, notMeasured } = await spikelet.explore([graph], 'icebreaker', { measure: 0 });
  assert.ok(designs.length > 1 && designs.every(({ measured }) => measured === null));
  assert.match(files[0]!.contents as string, '</svg>');
  assert.equal(notMeasured, []);
  await rejects(spikelet.profile(graph, data, { board: 'abacus' }), "there is no board 'abacus'", 2);
  await rejects(
    spikelet.profile(graph, data, { board: 'rp2040', lanes: 2 } as never),
    '--lanes is for verilog',
    2,
  );
});

test('tensors of the same names are imported by their bytes; a dataset that does not fit is refused', async () => {
  const bytes = writeSafetensors(net.params, {});
  const { net: imported, notes } = await spikelet.importCheckpoint(bytes, {
    inputShape: data.shape,
    classes: data.classes,
    heads: 2,
  });
  assert.equal(imported.nodes.length, net.nodes.length);
  assert.ok(notes.length);
  const other = await spikelet.loadDataset('gestures:train=16,test=8');
  assert.throws(() => spikelet.quantize(net, { ...other, shape: [8, 8, 2] }), /takes images of/);
});

test('nothing of it was printed', () => {
  assert.equal(printed, []);
});

test.run();
