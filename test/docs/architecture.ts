import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import { markupText } from '../../models/text/markup.js';
import { importsOf, pathOf, rooms, root, sources } from '../support/imports.js';

/** docs/architecture.svg: the parts of spikelet and their imports, read from the sources. */
const about: Record<string, string> = {
  models: 'Net, Graph, ops, interpreter',
  quantize: 'Net to Graph',
  wasm: 'Graph to AssemblyScript',
  assembly: 'the kernels',
  'firmware-gen': 'WebAssembly to C, boards',
  fpga: 'Graph to Verilog, boards',
  'host/system': 'files, locks, output',
  'host/data': 'data sets, images',
  'host/import': 'PyTorch checkpoints',
  'host/wasm': 'compile and load modules',
  'host/train': 'TensorFlow.js',
  'host/toolchain': 'C compilers, make',
  'host/eda': 'yosys, nextpnr, simulators',
  'host/device': 'serial ports, flashing',
  'host/run': 'run, verify, profile',
  'host/report': 'tables and charts',
  'host/targets': 'wasm, firmware, verilog',
  'host/power': 'energy',
  'host/export': 'PyTorch, NIR',
  'host/api': 'all of it as functions',
  'host/cli': 'the command line',
  'host/index.ts': 'the public functions',
};

/** Read as text by their compiler instead of imported. */
const readAsText: [from: string, to: string][] = [['host/wasm', 'assembly']];

/** Edges between rooms, those inside host apart, without the tests. */
export function roomEdges(): Map<string, Set<string>> {
  const roomOf = (path: string) => {
    const [room, inner] = path.split(sep) as [string, string];
    return room === 'host' ? `host/${inner}` : room;
  };
  const edges = new Map<string, Set<string>>();
  for (const file of rooms
    .filter((room) => room !== 'test' && existsSync(join(root, room)))
    .flatMap(sources)) {
    const from = roomOf(file);
    if (!edges.has(from)) edges.set(from, new Set());
    for (const found of importsOf(file)) {
      const to = roomOf(pathOf(found));
      if (found.target.startsWith('.') && to !== from && existsSync(join(root, to))) edges.get(from)!.add(to);
    }
  }
  for (const [from, to] of readAsText) edges.get(from)?.add(to);
  return edges;
}

/** What a room reaches only through others is left out of the picture. */
function reduced(edges: Map<string, Set<string>>): Map<string, string[]> {
  const reaches = (from: string, to: string): boolean =>
    from === to || [...(edges.get(from) ?? [])].some((next) => reaches(next, to));
  return new Map(
    [...edges].map(([from, all]) => [
      from,
      [...all].filter((to) => ![...all].some((other) => other !== to && reaches(other, to))).sort(),
    ]),
  );
}

type Node = { name: string; level: number; x: number; wide: number; down: Node[]; up: Node[] };

const BOX = { width: 172, height: 46, gap: 22, row: 82 };
const DUMMY = 14;

/** Rows from the ground up; an edge over several rows passes through one node in each. */
function layOut(edges: Map<string, string[]>): { rows: Node[][]; edges: Node[][] } {
  const levels = new Map<string, number>();
  const levelOf = (name: string): number => {
    const known = levels.get(name) ?? Math.max(-1, ...(edges.get(name) ?? []).map(levelOf)) + 1;
    levels.set(name, known);
    return known;
  };
  const create = (name: string, level: number, wide: number): Node => ({
    name,
    level,
    wide,
    x: 0,
    down: [],
    up: [],
  });
  const nodes = new Map(
    [...edges.keys()].sort().map((name) => [name, create(name, levelOf(name), BOX.width)]),
  );
  const rows: Node[][] = [];
  const place = (node: Node) => {
    rows[node.level] ??= [];
    rows[node.level]!.push(node);
  };
  for (const node of nodes.values()) place(node);
  const paths: Node[][] = [];
  for (const [from, targets] of edges)
    for (const to of targets) {
      const [top, bottom] = [nodes.get(from)!, nodes.get(to)!];
      const path = [top];
      for (let level = top.level - 1; level > bottom.level; level--) {
        const dummy = create('', level, DUMMY);
        place(dummy);
        path.push(dummy);
      }
      path.push(bottom);
      for (let i = 1; i < path.length; i++) {
        path[i - 1]!.down.push(path[i]!);
        path[i]!.up.push(path[i - 1]!);
      }
      paths.push(path);
    }
  arrange(rows);
  return { rows, edges: paths };
}

/** Orders each row by the middles of its neighbours, and spreads it about the middle of the picture. */
function arrange(rows: Node[][]): void {
  const spread = (row: Node[]) => {
    const total = row.reduce((sum, { wide }) => sum + wide + BOX.gap, -BOX.gap);
    let x = -total / 2;
    for (const node of row) {
      node.x = x + node.wide / 2;
      x += node.wide + BOX.gap;
    }
  };
  for (const row of rows) spread(row);
  const middle = (others: Node[], fallback: number) =>
    others.length ? others.reduce((sum, { x }) => sum + x, 0) / others.length : fallback;
  for (let sweep = 0; sweep < 24; sweep++) {
    const downwards = sweep % 2 === 0;
    for (const row of downwards ? [...rows].reverse() : rows) {
      const wanted = new Map(row.map((node) => [node, middle(downwards ? node.up : node.down, node.x)]));
      row.sort((a, b) => wanted.get(a)! - wanted.get(b)!);
      spread(row);
    }
  }
}

const curve = (points: [number, number][]): string =>
  points
    .map(([x, y], i) => {
      if (i === 0) return `M${x} ${y}`;
      const [px, py] = points[i - 1]!;
      return `C${px} ${(py + y) / 2} ${x} ${(py + y) / 2} ${x} ${y}`;
    })
    .join('');

/** The picture. It has its own background, so that it reads on light and dark pages. */
export function architectureSvg(): string {
  const { rows, edges } = layOut(reduced(roomEdges()));
  const margin = 28;
  const head = 96;
  const widest = Math.max(
    ...rows.map((row) => row.reduce((sum, { wide }) => sum + wide + BOX.gap, -BOX.gap)),
  );
  const width = Math.ceil(widest + 2 * margin);
  const height = head + rows.length * BOX.row - (BOX.row - BOX.height) + margin;
  const round = (value: number) => Math.round(10 * value) / 10;
  const at = ({ x }: Node) => round(width / 2 + x);
  const top = ({ level }: Node) => head + (rows.length - 1 - level) * BOX.row;
  const text = (x: number, y: number, look: string, words: string) =>
    `<text x="${x}" y="${y}" class="${look}">${markupText(words)}</text>`;
  const boxes = rows.flat().filter(({ name }) => name);
  const nameless = (path: Node[]) =>
    path.flatMap((node, i): [number, number][] => {
      const [x, y] = [at(node), top(node)];
      if (i === 0) return [[x, y + BOX.height]];
      return i === path.length - 1
        ? [[x, y]]
        : [
            [x, y],
            [x, y + BOX.height],
          ];
    });
  const isText = (path: Node[]) =>
    readAsText.some(([from, to]) => path[0]!.name === from && path.at(-1)!.name === to);
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="The parts of spikelet and who imports whom">`,
    '<style>text{font:13px system-ui,sans-serif;text-anchor:middle}.name{font-weight:600;fill:#e6edf3}.what{font-size:11px;fill:#9fb0c3}.head{font-size:15px;font-weight:600;fill:#e6edf3;text-anchor:start}.note{fill:#9fb0c3;text-anchor:start}path{fill:none;stroke:#5b6b7f;stroke-width:1.4}.text{stroke-dasharray:4 4}.pure rect{fill:#1d3a4f;stroke:#4fb3d9}.host rect{fill:#3a2f4d;stroke:#a98be0}</style>',
    `<rect width="${width}" height="${height}" rx="12" fill="#10161d"/>`,
    text(margin, 32, 'head', 'Who imports whom: each part only what is below it'),
    `<g class="pure"><rect x="${margin}" y="44" width="12" height="12" rx="3"/></g>`,
    text(margin + 18, 54, 'note', 'pure: data in, files out'),
    `<g class="host"><rect x="${margin + 190}" y="44" width="12" height="12" rx="3"/></g>`,
    text(margin + 208, 54, 'note', 'host: files, processes, devices'),
    text(margin + 430, 54, 'note', 'dashed: read as text'),
    text(margin, 74, 'note', 'An import that is also reached through another part is not drawn.'),
    ...edges.map((path) => `<path${isText(path) ? ' class="text"' : ''} d="${curve(nameless(path))}"/>`),
    ...boxes.map((node) => {
      const [x, y] = [at(node), top(node)];
      return [
        `<g class="${node.name.startsWith('host/') ? 'host' : 'pure'}"><rect x="${round(x - BOX.width / 2)}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="8"/>`,
        `${text(x, y + 20, 'name', node.name)}${text(x, y + 36, 'what', about[node.name] ?? '')}</g>`,
      ].join('');
    }),
    '</svg>',
  ];
  return `${lines.join('\n')}\n`;
}

/** Rooms that the drawing has no words for. */
export const undescribed = (): string[] => [...roomEdges().keys()].filter((name) => !about[name]);
