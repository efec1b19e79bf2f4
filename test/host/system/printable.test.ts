import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { printError } from '../../../host/cli/io.js';
import { displayWidth, fittedTable } from '../../../host/report/text.js';
import { jsonText, printable, visible } from '../../../host/system/printable.js';
import { readSafetensors, SpikeletError, writeGraph, writeSafetensors } from '../../../models/index.js';
import { cli, type Said } from '../../support/cli-in-process.js';
import { randomGraph, seeded } from '../../support/random-graph.js';

/** Text of strangers reaches no terminal as it is. */
const folder = mkdtempSync(join(tmpdir(), 'spikelet printable-'));
const at = (name: string) => join(folder, name);

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => String.fromCodePoint(from + i));

/** C0, DEL, C1, bidirectional controls, separators, zero-width, fillers, tags, lone surrogates. */
const controls = [
  ...range(0, 0x1f),
  ...range(0x7f, 0x9f),
  ...['\u00ad', '\u034f', '\u061c', '\u115f', '\u180e', '\u3164', '\ufeff', '\u{e0041}', '\ud800', '\udc00'],
  ...range(0x200b, 0x200f),
  ...range(0x2028, 0x202e),
  ...range(0x2060, 0x206f),
];
const hostile = controls.join('x');
const UNSEEN = /\u034f|[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u115f\u3164]/u;

test('every control and hidden character becomes an escape, on one line', () => {
  for (const control of controls) {
    const shown = visible(`a${control}b`);
    assert.not.match(shown, UNSEEN, JSON.stringify(control));
    assert.match(shown, /^a\\.+b$/);
  }
  assert.is(visible('a\x1b[2Jb\n\u202ec'), 'a\\x1b[2Jb\\n\\u202ec');
});

test('letters of every language and emoji stay as they are', () => {
  for (const name of [
    'München',
    '日本',
    'Ελλάδα',
    'हिन्दी',
    'עברית',
    'café',
    'e\u0301',
    '👨‍👩‍👧',
    '👍🏽',
    '❤️',
    'ok',
    '',
  ])
    assert.is(visible(name), name);
  assert.is(visible('a\u200db'), 'a\\u200db');
  assert.is(visible(`a${'\u0301'.repeat(50)}`).length < 60, true);
});

test('a megabyte is shortened, with its start and its end', () => {
  const shown = printable(`begin${'\x1b'.repeat(1e6)}end`);
  assert.ok(shown.length <= 80);
  assert.match(shown, /^begin.*end$/);
  assert.not.match(visible('😀'.repeat(1000), 80), UNSEEN);
});

test('JSON keeps the value and loses what controls', () => {
  const value = { [hostile]: [hostile, 1, null, '日本 👨‍👩‍👧'] };
  const text = jsonText(value);
  assert.not.match(text, UNSEEN);
  assert.equal(JSON.parse(text), value);
  assert.match(text, '日本');
});

test('a table is aligned by the columns that letters take, and fits where it is narrow', () => {
  assert.is(displayWidth('日本'), 4);
  assert.is(displayWidth('e\u0301'), 1);
  const columns = [{ title: 'name' }, { title: 'count', right: true, rank: 1 }, { title: 'more', rank: 2 }];
  const rows = [
    ['日本', '1', 'x'.repeat(30)],
    ['a long name of several words', '22', 'y'],
  ];
  const wide = fittedTable(columns, rows, Number.POSITIVE_INFINITY);
  assert.equal(wide.left, []);
  assert.is(wide.lines[2]!.indexOf('1') - wide.lines[2]!.indexOf('日'), wide.lines[3]!.indexOf('22') + 1 - 2);
  const narrow = fittedTable(columns, rows, 30);
  assert.equal(narrow.left, ['more']);
  for (const line of narrow.lines) assert.ok(displayWidth(line) <= 30, line);
  assert.match(
    narrow.lines.join(' ').replace(/\s+/g, ' '),
    /a long name of .*several words|a long name of several/,
  );
});

/** Nothing unseen but the ends of lines, no line that a stranger began, no flood. */
function clean({ stdout, stderr }: Said, what: string): void {
  for (const text of [stdout, stderr]) {
    for (const line of text.split('\n')) assert.not.match(line, UNSEEN, `${what}: ${JSON.stringify(line)}`);
    assert.not.match(text, /^FAKE/m, what);
    assert.ok(text.length < 30_000, `${what}: ${text.length} characters`);
  }
}

const nasty = [`a${hostile}b`, 'a\nFAKE: b', '\x1b]0;owned\x07', `${'n'.repeat(1e6)}\x1b[2J`];

/** A .safetensors with any header. */
function container(header: unknown): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

test('files: names, metadata and structures of a stranger', async () => {
  const graph = randomGraph(seeded(31), 9);
  for (const [i, name] of nasty.entries()) {
    const { data: _, ...structure } = graph;
    const { tensors } = readSafetensors(writeGraph(graph));
    const json = (change: object) => JSON.stringify({ ...structure, ...change });
    const meta = { format: 'spikelet-graph', version: '1' };
    const files: [string, Uint8Array | string][] = [
      ['tensor', container({ [name]: { dtype: name, shape: [1], data_offsets: [0, 4] } })],
      ['dtype', container({ t: { dtype: 'F32', shape: [name], data_offsets: [0, 4] } })],
      ['version', writeSafetensors(new Map(), { ...meta, version: name, graph: '{}' })],
      ['name', writeSafetensors(tensors, { ...meta, graph: json({ name }) })],
      ['classes', writeSafetensors(tensors, { ...meta, graph: json({ classes: [name, 'b'] }) })],
      [
        'key',
        writeSafetensors(new Map(), { ...meta, graph: json({ [name]: name, tensors: { [name]: {} } }) }),
      ],
      [
        'extra',
        writeSafetensors(new Map([[name, { shape: [1], data: new Int32Array(1) }]]), {
          ...meta,
          graph: json({}),
        }),
      ],
      ['labels.txt', `${name}\n`],
    ];
    for (const [kind, contents] of files) {
      const path = at(`${i}-${kind}`);
      writeFileSync(path, contents);
      for (const args of [
        ['inspect', path],
        ['inspect', path, '--verbose'],
        ['run', path, '--input', path],
        ['boards', path],
        ['import', path, '--out', at('imported')],
        ['quantize', path, '--data', 'gestures'],
        ['verify', path, '--against', 'wasm', '--data', 'gestures'],
        ['build', path, '--target', 'wasm', '--out', at('built')],
      ])
        clean(await cli(...args), `${args[0]} ${kind} ${i}`);
    }
  }
});

test('what is typed: arguments, options, paths, data sets, ports', async () => {
  for (const name of nasty)
    for (const args of [
      [name],
      [`--${name}`],
      ['inspect', name],
      ['inspect', `--${name}`],
      ['inspect', 'a', name],
      ['run', name, '--input', name],
      ['run', name, '--top', name],
      ['train', '--model', name],
      ['train', '--data', name, '--model', 'mini'],
      ['train', '--data', `gestures:${name}`, '--model', 'mini', '--out', name],
      ['quantize', name, '--data', name],
      ['build', name, '--target', name],
      ['build', name, '--target', 'firmware', '--board', name],
      ['verify', name, '--against', 'wasm', '--data', name, '--verbose'],
      ['flash', name, '--board', name],
      ['flash', name, '--board', 'rp2040'],
      ['monitor', '--port', name],
      ['profile', name, '--board', name, '--data', name],
      ['explore', name, '--board', name],
      ['doctor', name],
      ['inspect', 'x', '--config', name],
    ])
      clean(
        await cli(...args.map((each) => each.replaceAll('\0', ''))),
        `${args[0]!.slice(0, 9)} ${args.length}`,
      );
});

test('class names of a data set and of labels, in a result', async () => {
  const graph = at('graph.safetensors');
  writeFileSync(graph, writeGraph(randomGraph(seeded(31), 9)));
  const { classes, tensors } = randomGraph(seeded(31), 9);
  const labels = at('labels');
  writeFileSync(labels, classes.map((_, i) => `日本 ${hostile.replace(/[\n\r\0]/g, '')}${i}`).join('\n'));
  const [rows, columns] = tensors['input']!.shape;
  const sharp = (await import('sharp')).default;
  mkdirSync(at('photos'));
  const image = at('photos/a\x1b[2J\u202e.png');
  await sharp({ create: { width: columns, height: rows, channels: 3, background: '#808080' } }).toFile(image);
  for (const json of [[], ['--json']]) {
    const run = await cli('run', graph, '--input', image, '--labels', labels, ...json);
    assert.is(run.code, 0, run.stderr);
    clean(run, 'run');
    assert.match(run.stdout, '日本');
    clean(
      await cli('run', graph, '--input', at('photos'), '--results', at('results\x1b.jsonl'), ...json),
      'folder',
    );
  }
});

test('an error keeps its own lines, and hints and details of strangers stay where they are', async () => {
  let said = '';
  const { write } = process.stderr;
  process.stderr.write = ((text: string) => {
    said += text;
    return true;
  }) as typeof write;
  try {
    printError(
      new SpikeletError('it failed\nhint: FAKE', {
        lines: ['one\nerror: FAKE', 'two\t3'],
        hint: 'do\n\x1b[2J',
      }),
    );
  } finally {
    process.stderr.write = write;
  }
  assert.is(said, 'error: it failed\\nhint: FAKE\n  one\\nerror: FAKE\n  two    3\nhint: do\\n\\x1b[2J\n');
});

test.after(() => rmSync(folder, { recursive: true, force: true }));
test.run();
