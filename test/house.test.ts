import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Import, importsOf, pathOf, roomOf, rooms, root, sources, texts } from './support/imports.js';
import { functionsIn, measureSources } from './support/measure-sources.js';

/** Which part may import which, read from the sources. */
const mayImport: Record<string, string[]> = {
  models: ['models'],
  quantize: ['quantize', 'models'],
  wasm: ['wasm', 'models'],
  'firmware-gen': ['firmware-gen', 'wasm', 'models'],
  fpga: ['fpga', 'models'],
  assembly: ['assembly'],
  host: ['host', 'models', 'quantize', 'wasm', 'firmware-gen', 'fpga'],
  test: rooms,
};

/**
 * Rooms of host/, and which other rooms of it each may import. From the ground up: what files and programs
 * are reached by; what compiles, simulates, reads or trains; what runs and measures a model; what prints it;
 * what it is built for; the public functions; the command line. Above all of them is host/index.ts, the door
 * to the public functions.
 */
const insideHost: Record<string, string[]> = {
  system: [],
  data: ['system'],
  import: ['system'],
  wasm: ['system'],
  train: ['system', 'wasm'],
  toolchain: ['system', 'wasm'],
  eda: ['system', 'toolchain'],
  device: ['system', 'toolchain', 'eda'],
  run: ['system', 'data', 'wasm', 'toolchain', 'eda', 'device'],
  report: ['system', 'run'],
  targets: ['system', 'wasm', 'toolchain', 'eda', 'device', 'run', 'report'],
  api: [
    'system',
    'data',
    'import',
    'wasm',
    'train',
    'toolchain',
    'eda',
    'device',
    'run',
    'report',
    'targets',
  ],
  cli: [
    ...['system', 'data', 'import', 'wasm', 'train', 'toolchain', 'eda', 'device', 'run', 'report'],
    ...['targets', 'api'],
  ],
};

/** Packages that only one folder may load. */
const only: Record<string, string> = { '@tensorflow/': 'host/train', serialport: 'host/device' };

const verbs = sources('host/cli/verbs');

// An empty room is not a folder of a clone.
const imports = rooms
  .filter((room) => existsSync(join(root, room)))
  .flatMap(sources)
  .flatMap(importsOf);
const ours = imports.filter(({ target }) => target.startsWith('.'));

test('every room imports only the rooms it may', () => {
  assert.ok(ours.length > 50, 'the imports were not found');
  const broken = ours.filter((i) => {
    const room = roomOf(pathOf(i));
    return rooms.includes(room) && !mayImport[roomOf(i.from)]!.includes(room);
  });
  assert.equal(
    broken.map((i) => `${i.from} imports ${i.target}`),
    [],
  );
});

test('every import of one of our files finds it, also from programs that are compiled on their own', () => {
  // Lines of programs that ours write.
  const made = /\/(model\.mjs|assembly\/\w+|fitted\.js)$/;
  // Kernels import './ends' of their tier, which their compiler looks for.
  const lost = ours.filter((i) => {
    if (roomOf(i.from) === 'assembly') return false;
    const path = pathOf(i).replace(/^dist[/\\]/, '');
    const sources = [path, path.replace(/\.(m?)js$/, '.$1ts')];
    return !made.test(i.target) && !sources.some((source) => existsSync(join(root, source)));
  });
  assert.equal(
    lost.map((i) => `${i.from} imports ${i.target}`),
    [],
  );
});

/** Circles among `edges`: each the files that reach each other (Tarjan's strongly connected components). */
function circlesOf(edges: Map<string, string[]>): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const circles: string[][] = [];
  const visit = (file: string): void => {
    order.set(file, order.size);
    lowest.set(file, order.get(file)!);
    open.push(file);
    for (const next of edges.get(file) ?? []) {
      if (!order.has(next)) visit(next);
      if (open.includes(next)) lowest.set(file, Math.min(lowest.get(file)!, lowest.get(next)!));
    }
    if (lowest.get(file) !== order.get(file)) return;
    const circle = open.splice(open.indexOf(file));
    if (circle.length > 1) circles.push(circle);
  };
  for (const file of edges.keys()) if (!order.has(file)) visit(file);
  return circles;
}

test('no file needs values of itself by way of others, so each can be imported alone', () => {
  const made = new Map([
    ['a', ['b']],
    ['b', ['c']],
    ['c', ['b']],
  ]);
  assert.equal(circlesOf(made), [['b', 'c']]);
  const files = rooms.filter((room) => room !== 'test' && room !== 'assembly').flatMap(sources);
  assert.ok(files.length > 300, 'the files were not found');
  const edges = new Map(
    files.map((file) => [
      file,
      importsOf(file)
        .filter((i) => !i.typeOnly && !i.dynamic && i.target.startsWith('.'))
        .map((i) => pathOf(i).replace(/\.(m?)js$/, '.$1ts')),
    ]),
  );
  assert.equal(circlesOf(edges), []);
});

test('every room of host imports only the rooms it may, and every file of it lives in one', () => {
  const hostRoom = (path: string) => path.split(sep)[1]!;
  const within = ours.filter((i) => roomOf(i.from) === 'host' && roomOf(pathOf(i)) === 'host');
  const broken = within.filter((i) => {
    const [from, to] = [hostRoom(i.from), hostRoom(pathOf(i))];
    return from !== to && from !== 'index.ts' && !insideHost[from]?.includes(to);
  });
  assert.equal(
    broken.map((i) => `${i.from} imports ${i.target}`),
    [],
  );
  assert.equal(readdirSync(join(root, 'host')).sort(), [...Object.keys(insideHost), 'index.ts'].sort());
});

test('nothing outside test/ imports the tests', () => {
  assert.equal(
    ours.filter((i) => roomOf(pathOf(i)) === 'test' && roomOf(i.from) !== 'test').map(({ from }) => from),
    [],
  );
});

test('heavy packages are loaded in their own folder only', () => {
  for (const [name, folder] of Object.entries(only))
    for (const { from, target, typeOnly } of imports)
      if (target.startsWith(name) && !typeOnly && roomOf(from) !== 'test')
        assert.ok(from.startsWith(folder + sep), `${from} imports ${target}`);
});

test('and by await import() alone: the command line and the public functions start without them', () => {
  const heavy = ({ target }: Import) => Object.keys(only).some((name) => target.startsWith(name));
  const atOnce = imports.filter(({ typeOnly, dynamic }) => !typeOnly && !dynamic);
  for (const start of ['host/cli/main.ts', 'host/index.ts', ...verbs]) {
    const reached = new Set([start]);
    for (const file of reached)
      for (const i of atOnce) {
        if (i.from !== file) continue;
        assert.not.ok(heavy(i), `${start} loads ${i.target} at once, by ${i.from}`);
        if (i.target.startsWith('.')) reached.add(pathOf(i).replace(/\.(m?)js$/, '.$1ts'));
      }
    assert.ok(reached.size > 3, `what ${start} imports was not found`);
  }
});

/**
 * Where an op may be asked for by its name: its own file. What else depends on an op is an entry of a table.
 */
const opFiles = ['models/ops', 'models/net-ops'];

/** Of other kinds of ops: the instructions of WebAssembly. */
const otherOps = ['firmware-gen/model'];

test("what depends on an op is in its file or a table: nothing compares a node's op with a name", () => {
  const asks = /\bswitch \((?:\w+[?!]?\.)*op\)|\bop\s*[!=]==|[!=]==\s*(?:\w+[?!]?\.)*op\b(?!\.)/g;
  const places = [...opFiles, ...otherOps].map((folder) => join(folder, sep));
  const files = rooms.filter((room) => room !== 'test' && room !== 'assembly').flatMap(sources);
  const found = files
    .filter((file) => !places.some((folder) => file.startsWith(folder)))
    .flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(asks)].map(([text]) => `${file}: ${text}`),
    );
  assert.equal(found, []);
  for (const text of [
    'switch (node.op)',
    "node?.op === 'pool'",
    "({ op }) => op !== 'fire'",
    "'add' === item.op",
  ])
    assert.ok(text.match(asks), `the pattern misses ${text}`);
});

test('tests are skipped by skip.ts alone, none is left out by mistake, and none asserts a time', () => {
  const found = sources('test')
    .filter((path) => path.endsWith('.test.ts') && !path.endsWith('house.test.ts'))
    .filter((path) => !path.startsWith(join('test', 'runner')))
    .flatMap((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      // A test that testWith() gives to uvu's own suite is never run by a file that runs another.
      const lost = text.includes(" = suite('") ? [/testWith\((\[[^\]]*\]|\w+)\)/] : [];
      return [/\.skip\(|\.only\(|test\.skip|log\(['`]skipped/, /performance\.now|Date\.now|hrtime/, ...lost]
        .flatMap((pattern) => pattern.exec(text)?.[0] ?? [])
        .map((what) => `${path}: ${what}`);
    });
  assert.equal(found, []);
});

/** The most lines of a file and of a function, and the most parameters of one. */
const LIMITS = { file: 400, function: 79, parameters: 8 };

/** What is longer than that today, and how long it may be until it is shortened and taken from here. */
const LONG: Record<string, { file?: number; function?: number }> = {
  'fpga/testbench.ts': { function: 98 },
  'host/wasm/model.mts': { function: 92 },
  'host/data/readers/csv.ts': { file: 406 },
};

const measured = measureSources();

test('no file of the sources is longer than 400 lines', () => {
  assert.ok(measured.files.length > 200, 'the files were not found');
  assert.equal(
    measured.files
      .filter(({ file, lines }) => lines > (LONG[file]?.file ?? LIMITS.file))
      .map(({ file, lines }) => `${file}: ${lines} lines`),
    [],
  );
});

test('no function is longer than 79 lines or takes more than 8 parameters', () => {
  assert.ok(measured.functions.length > 2000, 'the functions were not found');
  assert.equal(
    measured.functions
      .filter(
        ({ file, lines, parameters }) =>
          lines > (LONG[file]?.function ?? LIMITS.function) || parameters > LIMITS.parameters,
      )
      .map(
        ({ file, line, lines, parameters }) => `${file}:${line}: ${lines} lines, ${parameters} parameters`,
      ),
    [],
  );
});

test('functions of every kind are measured', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spikelet-house-'));
  const file = join(folder, 'x.ts');
  writeFileSync(
    file,
    `/** Told. */\nconst f = (a: number) => {\n${'  a;\n'.repeat(3)}};\nclass C {\n  m(a: 1, b: 2) {\n    return a;\n  }\n}\nfunction g() {}\n`,
  );
  try {
    assert.equal(
      functionsIn([file]).map(({ line, lines, parameters }) => [line, lines, parameters]),
      [
        [2, 5, 1],
        [8, 3, 2],
        [12, 1, 0],
      ],
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Rooms whose comments and strings are checked. */
const plainRooms = ['models', 'quantize', 'wasm', 'assembly', 'firmware-gen', 'test'].concat(
  Object.keys(insideHost)
    .filter((room) => room !== 'cli')
    .map((room) => join('host', room)),
);

/** Rooms where only the comments of TypeScript are checked: their strings print Verilog and help. */
const plainComments = ['fpga', join('host', 'cli')];

/** Phrases of another grammar, with what is usual instead. */
const phrases: [RegExp, string][] = [
  [/(?<!\b(?:there|keys)\s)\b(?:is|are|was) none\b/, 'is not one, is not valid'],
  [/(?<!\b[Tt]here\s)\b(?:is|are) no (?!longer\b|more than\b|other\b)\w+/, 'is not a ...'],
  [/\blies\b|\blie (?:in|at|on|outside|within|behind|beside|together|there)\b/, 'is, are'],
  [/\bbeside\b/, 'next to, besides'],
  [/\banew\b/, 'again'],
  [/\bso many\b/, 'this many, a number'],
  [/\bsome at a time\b/, 'in parts'],
  [/\bwhat (?:is|was) there\b|\bis there already\b/, 'what exists'],
  [/\b(?:of|to|from|by) whom\b/, 'whose, who'],
  [/\b[Ll]eaves? [^.]{1,20}\baway\b/, 'omit'],
  [/\bOf (?:each|all)\b[^.]*,/, 'for each'],
  [/\b[Ss]omebody\b/, 'anyone, another user'],
];

/** Comments and strings of a source, each on one line. */
const words = (text: string): string[] =>
  (
    text.match(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g) ?? []
  ).map((part) => part.replace(/\s*\n\s*(?:\*(?!\/)|\/\/)?\s*/g, ' '));

test('comments and messages are plain English', () => {
  const isComment = (part: string) => /^\/[/*]/.test(part);
  const checked = [
    ...plainRooms.flatMap(texts).map((file) => ({ file, held: (_: string) => true })),
    ...plainComments.flatMap(sources).map((file) => ({ file, held: isComment })),
  ];
  const found = checked
    .filter(({ file }) => file !== join('test', 'house.test.ts'))
    .flatMap(({ file, held }) =>
      words(readFileSync(join(root, file), 'utf8'))
        .filter(held)
        .flatMap((part) =>
          phrases.flatMap(([phrase, instead]) => {
            const [match] = phrase.exec(part) ?? [];
            return match ? [`${file}: '${match}', say: ${instead}`] : [];
          }),
        ),
    );
  assert.equal(found, []);
});

test.run();
