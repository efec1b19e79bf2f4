import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeFiles } from '../../../host/system/files.js';
import { openLines } from '../../../host/system/json-lines.js';
import { exclusively } from '../../../host/system/lock.js';
import { output, requireApart } from '../../../host/system/output.js';
import { SpikeletError, writeGraph, writeNet, writeSafetensors } from '../../../models/index.js';
import { cli } from '../../support/cli-in-process.js';
import { zooNet } from '../../support/nets.js';
import { randomGraph, seeded } from '../../support/random-graph.js';

/** Nothing of the user's is overwritten unasked. */
const folder = mkdtempSync(join(tmpdir(), 'spikelet outputs-'));
const at = (...names: string[]) => join(folder, ...names);
const put = (name: string, contents: string | Uint8Array): string => {
  writeFileSync(at(name), contents);
  return at(name);
};
const graphFile = writeGraph(randomGraph(seeded(31), 9));
const otherGraph = writeGraph(randomGraph(seeded(32), 9));
const graph = put('graph.safetensors', graphFile);

async function refused(body: () => Promise<unknown>, message: RegExp): Promise<void> {
  try {
    await body();
  } catch (error) {
    assert.instance(error, SpikeletError);
    assert.match((error as Error).message, message);
    return;
  }
  assert.unreachable(`not refused: ${message}`);
}

const temporary = () => readdirSync(folder).filter((name) => name.endsWith('.tmp'));

test('a file of another kind stays, whatever its name; the same kind, an empty one and none are written', async () => {
  const net = writeNet(zooNet('mini', [32, 32, 2], 8));
  const others: [string, string | Uint8Array, RegExp][] = [
    ['net.safetensors', net, /is a Net, not a Graph/],
    ['notes.safetensors', 'my notes', /is a text file, not a Graph/],
    ['photo.safetensors', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 0, 0), /is a PNG image/],
    ['theirs.safetensors', writeSafetensors(new Map()), /a \.safetensors file of another program/],
    ['short', 'x', /is a text file/],
    ['zeros', new Uint8Array(99), /is a \.safetensors|a file of another kind/],
  ];
  for (const [name, contents, message] of others) {
    const path = put(name, contents);
    await refused(() => output(path, { kind: 'graph' }), message);
    assert.equal(readFileSync(path), Buffer.from(contents));
    const write = await output(path, { kind: 'graph', force: true });
    await write(graphFile);
    assert.equal(readFileSync(path), Buffer.from(graphFile));
  }
  for (const path of [put('same.safetensors', otherGraph), put('empty', ''), at('new.safetensors')]) {
    await (await output(path, { kind: 'graph' }))(graphFile);
    assert.equal(readFileSync(path), Buffer.from(graphFile));
  }
  const late = at('late.safetensors');
  const write = await output(late, { kind: 'graph' });
  writeFileSync(late, 'written meanwhile');
  await refused(() => write(graphFile), /is a text file/);
  assert.is(readFileSync(late, 'utf8'), 'written meanwhile');
  assert.equal(temporary(), []);
});

test('an output that is an input is refused by every name that it has', async () => {
  symlinkSync(graph, at('link'));
  linkSync(graph, at('hard link'));
  for (const name of ['graph.safetensors', './graph.safetensors', 'link', 'hard link'])
    await refused(
      () => output(`${folder}/${name}`, { kind: 'graph', inputs: [undefined, graph] }),
      /both read and written/,
    );
  await refused(
    () => requireApart({ '--out': at('a'), '--trace': undefined, '--metrics': `${folder}/./a` }),
    /--out and --metrics both name/,
  );
  rmSync(at('hard link'));
});

test('a file keeps its permissions, and a read-only one stays', async () => {
  const secret = put('secret.safetensors', otherGraph);
  chmodSync(secret, 0o600);
  await (await output(secret, { kind: 'graph' }))(graphFile);
  const { statSync } = await import('node:fs');
  assert.is(statSync(secret).mode & 0o777, 0o600);
});

test('a build replaces its own files while they are unchanged, and none of the user', async () => {
  const build = at('build');
  const files = [
    { path: 'model.mjs', contents: 'one' },
    { path: 'shell/main.c', contents: 'two' },
  ];
  await writeFiles(build, files);
  await writeFiles(build, [{ path: 'model.mjs', contents: 'newer' }]);
  assert.is(readFileSync(join(build, 'model.mjs'), 'utf8'), 'newer');
  await writeFiles(build, files);
  writeFileSync(join(build, 'README.md'), 'of the user');
  const more = [...files, { path: 'README.md', contents: 'of the build' }];
  await refused(() => writeFiles(build, more), /did not write: README\.md/);
  assert.is(readFileSync(join(build, 'README.md'), 'utf8'), 'of the user');
  writeFileSync(join(build, 'shell', 'main.c'), 'edited');
  await refused(
    () => writeFiles(build, [{ path: 'shell/main.c', contents: 'three' }]),
    /changed since spikelet wrote them: shell/,
  );
  assert.is(readFileSync(join(build, 'shell', 'main.c'), 'utf8'), 'edited');
  await writeFiles(build, more, { force: true });
  assert.is(readFileSync(join(build, 'README.md'), 'utf8'), 'of the build');
  await writeFiles(build, [{ path: 'README.md', contents: 'of the next build' }]);

  const foreign = at('project');
  mkdirSync(foreign);
  writeFileSync(join(foreign, 'firmware.bin'), 'of the user');
  await refused(() => writeFiles(foreign, files, { products: ['firmware.bin'] }), /firmware\.bin/);
  assert.equal(readdirSync(foreign), ['firmware.bin']);
  // A link of the list's name in a downloaded folder could lead to any file.
  const victim = put('victim', 'precious');
  symlinkSync(victim, join(foreign, '.spikelet-files'));
  await refused(() => writeFiles(foreign, files, { force: true }), /not a list that spikelet wrote/);
  assert.is(readFileSync(victim, 'utf8'), 'precious');
});

test('one writer at a time', async () => {
  await exclusively(at('held'), async () => {
    await refused(() => exclusively(`${folder}/./held`, async () => undefined), /another spikelet/);
  });
  assert.is(await exclusively(at('held'), async () => 7), 7);
});

const rule = {
  what: 'the numbers',
  flag: '--numbers',
  take: (line: string) => /^\[\d+\]$/.test(line),
  isStart: (text: string) => /^\[\d*$/.test(text),
};

test('lines are appended only to files of such lines; a torn last line is removed', async () => {
  const path = at('lines');
  const append = async (line: string, more = {}) => {
    const lines = await openLines(path, { ...rule, ...more });
    try {
      await lines.append(line);
    } finally {
      await lines.close();
    }
    return lines.restarted;
  };
  await append('[1]');
  await append('[2]');
  appendFileSync(path, '[3');
  await append('[4]');
  assert.is(readFileSync(path, 'utf8'), '[1]\n[2]\n[4]\n');
  for (const foreign of [
    'my notes',
    'my notes\n',
    '[1]\nmy notes',
    '[1]\nmy notes\n[2]\n',
    '\n',
    '[1]\r\n',
    '\xff[',
    'x'.repeat(1e6),
  ]) {
    writeFileSync(path, foreign, 'latin1');
    await refused(() => append('[5]'), /is not one of the numbers/);
    assert.is(readFileSync(path, 'latin1'), foreign);
    assert.is(await append('[5]', { force: true }), true);
    assert.is(readFileSync(path, 'utf8'), '[5]\n');
  }
  const lines = await openLines(path, rule);
  appendFileSync(path, 'another program\n');
  await refused(() => lines.append('[6]'), /changed by another program/);
  await lines.close();
  await refused(() => openLines(path, { ...rule, inputs: [path] }), /both read and written/);
  const nothing = await openLines('/dev/null', rule);
  await nothing.append('[7]');
  await nothing.close();
});

/** A folder of images and two models. */
mkdirSync(at('photos'));
const size = randomGraph(seeded(31), 9).tensors['input']!.shape;
for (const name of ['a.png', 'b.png', 'c.png'])
  await sharp({ create: { width: size[1], height: size[0], channels: 3, background: '#808080' } }).toFile(
    at('photos', name),
  );
put('other.safetensors', otherGraph);

const evaluate = (...args: string[]) => cli('run', graph, '--input', at('photos'), ...args);

test('results: of this model alone, resumed to the same bytes, and nothing of another file is lost', async () => {
  const results = at('results.jsonl');
  assert.is((await evaluate('--results', results)).code, 0);
  const whole = readFileSync(results, 'utf8');
  assert.is(whole.split('\n').length, 4);
  for (let cut = 0; cut < whole.length; cut += 13) {
    writeFileSync(results, whole.slice(0, cut));
    const { code, stderr } = await evaluate('--results', results);
    assert.is(code, 0, stderr);
    assert.is(readFileSync(results, 'utf8'), whole, `cut at ${cut}`);
  }
  const old = whole.replace(/,"model":"[0-9a-f]{8}"/g, '');
  assert.ok(old !== whole);
  writeFileSync(results, old);
  const resumed = await evaluate('--results', results, '--json');
  assert.is(JSON.parse(resumed.stdout).resumed, 3);
  assert.match(resumed.stderr, /older results that do not name a model/);
  assert.is(readFileSync(results, 'utf8'), old);
  const foreign: [string, string | Buffer][] = [
    ['notes.txt', 'my notes without a newline'],
    ['todo.txt', 'first\nsecond'],
    ['settings.json', '{"path":"/home/me","label":1'],
    ['pretty.json', '{\n  "path": "x"\n}\n'],
    ['binary', Buffer.from([0, 1, 2, 10, 255, 254])],
    ['mixed.jsonl', `${whole}my notes`],
    ['of another.jsonl', whole.replace(/"model":"../g, '"model":"zz')],
  ];
  for (const [name, contents] of foreign) {
    const path = put(name, contents);
    const { code, stderr } = await evaluate('--results', path);
    assert.is(code, 2, `${name}: ${stderr}`);
    assert.equal(readFileSync(path), Buffer.from(contents), name);
  }
  assert.is((await evaluate('--results', graph)).code, 2);
  assert.equal(readFileSync(graph), Buffer.from(graphFile));
  writeFileSync(results, whole);
  const other = await cli('run', at('other.safetensors'), '--input', at('photos'), '--results', results);
  assert.is(other.code, 2, other.stderr);
  assert.is(readFileSync(results, 'utf8'), whole);
  const { code } = await evaluate('--results', at('todo.txt'), '--force');
  assert.is(code, 0);
  assert.is(readFileSync(at('todo.txt'), 'utf8'), whole);
});

test('results: an image that was replaced under its name is run again, and that is said', async () => {
  const results = at('changed.jsonl');
  const photo = at('photos', 'b.png');
  const before = readFileSync(photo);
  await evaluate('--results', results);
  const whole = readFileSync(results, 'utf8');
  const resumed = async (count: number, note: RegExp) => {
    const { stdout, stderr } = await evaluate('--results', results, '--json');
    assert.is(JSON.parse(stdout).resumed, count);
    assert.match(stderr, note);
  };
  try {
    await sharp({
      create: { width: size[1], height: size[0], channels: 3, background: '#0000ff' },
    }).toFile(photo);
    await resumed(2, /images that have changed: they are run again, .*b\.png\n/);
    const lines = readFileSync(results, 'utf8');
    assert.ok(lines.startsWith(whole));
    assert.is(lines.split('\n').length, 5);
    await resumed(3, /^(?!.*have changed)/s);
    assert.is(readFileSync(results, 'utf8'), lines);
    // Lines of older versions do not say which file they are of.
    writeFileSync(results, whole.replace(/,"file":"[0-9a-f]{8}"/g, ''));
    await resumed(3, /^(?!.*have changed)/s);
  } finally {
    writeFileSync(photo, before);
  }
});

test('a top-5 of five classes or fewer is not told', async () => {
  const { stdout } = await evaluate('--results', at('five.jsonl'), '--json');
  const classes = randomGraph(seeded(31), 9).classes.length;
  assert.is('top5' in JSON.parse(stdout), classes > 5);
  const line = JSON.parse(readFileSync(at('five.jsonl'), 'utf8').split('\n')[0]!);
  assert.is(Array.isArray(line.top5), classes > 5);
  assert.is(Number.isInteger(line.top1), classes <= 5);
});

test('verbs: an output that is the input, or another kind, is refused with exit code 2', async () => {
  const net = put('in.safetensors', writeNet(zooNet('mini', [32, 32, 2], 8)));
  const same = await cli('quantize', net, '--data', 'gestures', '--out', net);
  assert.is(same.code, 2, same.stderr);
  assert.match(same.stderr, /both read and written/);
  const text = put('mine.txt', 'mine');
  const kind = await cli('quantize', net, '--data', 'gestures', '--out', text);
  assert.is(kind.code, 2, kind.stderr);
  assert.is(readFileSync(text, 'utf8'), 'mine');
  const train = ['train', '--model', 'mini', '--data', 'gestures:train=8,test=8', '--out'];
  const checkpoint = put('t.checkpoint.safetensors', 'mine');
  for (const args of [
    [...train, text],
    [...train, at('t.safetensors')],
    [...train, at('new'), '--metrics', text],
    [...train, at('new'), '--metrics', at('new')],
  ]) {
    const run = await cli(...args);
    assert.is(run.code, 2, run.stderr);
  }
  assert.is(readFileSync(checkpoint, 'utf8'), 'mine');
  assert.is(readFileSync(text, 'utf8'), 'mine');
  assert.not.ok(existsSync(at('t.safetensors')));
  mkdirSync(at('mine'));
  put('mine/model.mjs', 'mine');
  const built = await cli('build', graph, '--target', 'wasm', '--out', at('mine'));
  assert.is(built.code, 2, built.stderr);
  assert.match(built.stderr, /model\.mjs/);
  assert.equal(readdirSync(at('mine')), ['model.mjs']);
  assert.equal(temporary(), []);
});

test.after(() => rmSync(folder, { recursive: true, force: true }));
test.run();
