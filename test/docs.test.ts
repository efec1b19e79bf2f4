import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { verbs } from '../host/cli/verbs/index.js';
import * as spikelet from '../host/index.js';
import { undescribed } from './docs/architecture.js';
import { commandLine } from './docs/command-line.js';
import {
  type Figure,
  figureMarkdown,
  figuresOf,
  figureText,
  parseFigure,
  readFigures,
  withFigures,
} from './docs/figure.js';
import { documents, pages, read } from './docs/pages.js';
import { root, sources } from './support/imports.js';

/** Documents: what a script writes is fresh, links lead somewhere, and nothing is named that is not there. */
for (const { path, contents } of pages())
  test(`${path} is what npm run figures writes`, () => {
    assert.fixture(read(path), String(contents));
  });

test('every figure is shown, and its file is as the script writes it', () => {
  const shown = new Set(documents().flatMap((path) => figuresOf(read(path))));
  for (const [name, figure] of readFigures()) {
    assert.ok(shown.has(name), `no document shows docs/figures/${name}.json`);
    assert.fixture(read(`docs/figures/${name}.json`), figureText(figure));
  }
});

const example: Figure = {
  name: 'some',
  command: 'npm run bench -- ram',
  columns: [{ title: 'plan' }, { title: 'bytes', kind: 'measured' }],
  rows: [['a', 12345]],
};

test('a figure says its kind below the table, or in the heads where there are several', () => {
  assert.is(
    figureMarkdown(example),
    '| plan | bytes |\n| --- | --- |\n| a | 12,345 |\n\n*Measured by `npm run bench -- ram`.*',
  );
  const mixed: Figure = {
    ...example,
    columns: [{ title: 'plan' }, { title: 'a', kind: 'simulated' }, { title: 'b', kind: 'estimated' }],
    rows: [['x', 1, 2]],
  };
  assert.match(figureMarkdown(mixed), '| plan | a (simulated) | b (estimated) |');
});

test('a figure with a wrong name, a short row, a strange key or no kind is refused', () => {
  const refused = (change: object, why: RegExp) =>
    assert.throws(
      () => parseFigure(JSON.stringify({ ...example, ...change }), 'some'),
      (error: Error) => why.test(error.message),
    );
  assert.equal(parseFigure(figureText(example), 'some'), example);
  refused({ name: 'other' }, /has the name 'other'/);
  refused({ rows: [['a']] }, /row 0 has 1 cells/);
  refused({ more: 1 }, /not a figure/);
  refused({ columns: [{ title: 'plan' }, { title: 'bytes' }] }, /no column has a kind/);
});

test('a table between its markers is written again; an unknown name or a lost marker is an error', () => {
  const figures = new Map([['some', example]]);
  const page = 'before\n<!-- figures:some -->\nold\n<!-- /figures -->\nafter\n';
  const once = withFigures(page, figures, 'page.md');
  assert.match(once, /^before\n<!-- figures:some -->\n\| plan[\s\S]*<!-- \/figures -->\nafter\n$/);
  assert.is(withFigures(once, figures, 'page.md'), once);
  assert.throws(() => withFigures(page, new Map(), 'page.md'), /there is no docs\/figures\/some\.json/);
  const open = page.replace('<!-- /figures -->', '');
  assert.throws(() => withFigures(open, figures, 'page.md'), /page\.md: a marker .* has no partner/);
});

const slug = (title: string) =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

test('links lead to files and headings that are there', () => {
  let seen = 0;
  for (const page of documents())
    for (const [, link] of read(page).matchAll(/(?:\]\(|src=")([^)"\s]+)/g)) {
      if (/^https?:/.test(link!)) continue;
      const [path, heading] = link!.split('#') as [string, string?];
      const target = path ? join(page, '..', path) : page;
      assert.ok(existsSync(join(root, target)), `${page} links to ${link}`);
      seen++;
      if (heading === undefined) continue;
      const titles = [...read(target).matchAll(/^#+ (.*)$/gm)].map(([, title]) => slug(title!));
      assert.ok(titles.includes(heading), `${page} links to ${link}, a heading that is not there`);
    }
  assert.ok(seen > 40, 'the links were not found');
});

test('files, verbs and options that documents name exist', () => {
  const known: Record<string, string> = Object.fromEntries(
    Object.entries(verbs).map(([name, { options, configured }]) => [
      name,
      `${options.map(({ flags }) => flags).join(' ')} --json --verbose --help ${configured ? '--config --no-config' : ''}`,
    ]),
  );
  for (const page of documents()) {
    const text = read(page);
    for (const [, path] of text.matchAll(
      /`((?:models|quantize|wasm|assembly|firmware-gen|fpga|host|test|docs)\/[\w./-]+)`/g,
    ))
      assert.ok(
        /[A-Z]{4}|\/x\.ts$/.test(path!.replace(/README|TEMPLATE/, '')) || existsSync(join(root, path!)),
        `${page} names ${path}`,
      );
    for (const [line, verb, rest] of text.matchAll(/\bspikelet ([a-z]+)((?: [^`\n#]*)?)/g)) {
      if (!known[verb!]) continue;
      for (const [flag] of rest!.matchAll(/--[a-z][\w-]*/g))
        assert.match(known[verb!]!, new RegExp(`${flag}\\b`), `${page}: ${line}`);
    }
  }
});

test('the command line reference has every verb and option', () => {
  const text = commandLine();
  for (const [name, { options }] of Object.entries(verbs)) {
    assert.match(text, `### ${name}\n`);
    for (const { flags } of options) assert.match(text, `\`${flags.replaceAll('|', '\\|')}\``);
  }
});

test('messages that the page of troubles quotes are those of the program', () => {
  const text = ['host', 'models']
    .flatMap(sources)
    .map((path) => read(path))
    .join('\n');
  const quoted = [...read('docs/troubleshooting.md').matchAll(/^\| `([^`]*\s[^`]*)`/gm)].map(
    ([, message]) => message!,
  );
  const known = quoted.filter((message) => !message.startsWith('verify '));
  assert.ok(known.length >= 5, 'they were not found');
  for (const message of known)
    for (const piece of message.split(/\.\.\.|'X'|\/dev\S+|\S+-gcc/).map((part) => part.trim()))
      assert.ok(text.includes(piece), `docs/troubleshooting.md quotes '${piece}'`);
});

test('every function that the page of the library names is public', () => {
  const [, table = ''] = /\n\| function \|(.*?)\n\n/s.exec(read('docs/api.md')) ?? [];
  const cells = table.split('\n').map((line) => line.split(' | ')[0]!);
  const names = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)/g)].map(([, name]) => name!));
  assert.ok(names.length > 20, names.join());
  for (const name of names) assert.ok(name in spikelet, name);
});

test('README begins with the two commands and fits on a few screens; the drawing has words for every room', () => {
  const lines = read('README.md').split('\n');
  assert.equal(lines.slice(0, 4), ['# spikelet', '', '    npm run demo', '    npm test']);
  assert.ok(lines.length <= 151, `${lines.length} lines`);
  assert.equal(undescribed(), []);
});

test('scripts that documents name are there', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const page of documents())
    for (const [, name] of read(page).matchAll(/npm run (?:--silent )?([a-z][\w:-]*)/g))
      assert.ok(name! in scripts, `${page}: npm run ${name}`);
});

test('a proof leaves its verdicts, and a bench its figure, as JSON', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spikelet-docs-'));
  const left = [
    join(root, 'build/proofs/left-by-a-test.json'),
    join(root, 'build/figures/left-by-a-test.json'),
  ];
  try {
    const from = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
    const program = join(folder, 'left-by-a-test.js');
    const lines = [
      `import { verdict } from ${from('./proofs/cli.js')};`,
      `import { leaveFigure } from ${from('./docs/figure.js')};`,
      "verdict('RAM', '9 B', '<= 8', false);",
      `leaveFigure(${JSON.stringify({ ...example, name: 'left-by-a-test' })});`,
    ];
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(program, lines.join('\n'));
    const { status, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8' });
    assert.is(status, 1, stderr);
    const proof = JSON.parse(readFileSync(left[0]!, 'utf8'));
    assert.match(proof.command, /^npm run bench .. left-by-a-test$/);
    assert.equal(proof.rows, [{ what: 'RAM', measured: '9 B', wanted: '<= 8', ok: false }]);
    const figure = parseFigure(readFileSync(left[1]!, 'utf8'), 'left-by-a-test');
    assert.equal(figure.rows, example.rows);
    assert.match(figure.date!, /^\d{4}-\d\d-\d\d$/);
    assert.ok(figure.machine);
  } finally {
    for (const path of [folder, ...left]) rmSync(path, { recursive: true, force: true });
  }
});

test("the API documentation has the package's entry points", () => {
  const { exports } = JSON.parse(read('package.json'));
  const { entryPoints } = JSON.parse(read('test/typedoc/typedoc.json'));
  assert.equal(
    entryPoints.map((path: string) => path.replace('../../', './dist/').replace(/\.ts$/, '.js')),
    Object.values<{ default: string }>(exports).map((entry) => entry.default),
  );
});

test.run();
