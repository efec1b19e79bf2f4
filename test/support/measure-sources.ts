import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { API } from 'typescript/unstable/sync';

/** How long files and functions of the sources are, as the compiler parses them. */
const root = fileURLToPath(new URL('../../..', import.meta.url));
const rooms = ['models', 'quantize', 'wasm', 'firmware-gen', 'fpga', 'host'];

/** A function, method or arrow with a body; `line` and `lines` from its first word to its last brace, without comments before. */
export type MeasuredFunction = { file: string; line: number; lines: number; parameters: number };
export type MeasuredFile = { file: string; lines: number };

/** Every file and function outside of the tests and the kernels. */
export function measureSources(): { files: MeasuredFile[]; functions: MeasuredFunction[] } {
  const paths = rooms.flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.m?ts$/.test(path) && !path.includes('node_modules'))
      .map((path) => join(root, room, path)),
  );
  const named = <T extends { file: string }>(found: T): T => ({ ...found, file: relative(root, found.file) });
  const files = paths.map((file) => named({ file, lines: linesOf(readFileSync(file, 'utf8')) }));
  return { files, functions: functionsIn(paths).map(named) };
}

const linesOf = (text: string): number => text.split('\n').length - Number(text.endsWith('\n'));

/** The functions of files, which are parsed and neither resolved nor checked. */
export function functionsIn(files: string[]): MeasuredFunction[] {
  const folder = mkdtempSync(join(tmpdir(), 'spikelet-measure-'));
  const config = join(folder, 'tsconfig.json');
  writeFileSync(
    config,
    JSON.stringify({ compilerOptions: { noLib: true, noResolve: true, types: [] }, files }),
  );
  const api = new API({ cwd: folder });
  try {
    const { program } = api.updateSnapshot({ openProject: config }).getProjects()[0]!;
    return files.flatMap((file) => {
      const source = program.getSourceFile(file);
      if (!source) throw new Error(`${file} was not parsed`);
      return functionsOf(source).map((found) => ({ file, ...found }));
    });
  } finally {
    api.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Node = {
  readonly end: number;
  getStart(source: unknown): number;
  forEachChild(visit: (child: Node) => undefined): unknown;
  readonly body?: unknown;
  readonly parameters?: readonly unknown[];
};

function functionsOf(source: unknown): Omit<MeasuredFunction, 'file'>[] {
  const { text } = source as { text: string };
  const found: Omit<MeasuredFunction, 'file'>[] = [];
  const lineAt = (position: number): number => linesOf(`${text.slice(0, position)}x`);
  const visit = (node: Node): undefined => {
    if (node.body && node.parameters) {
      const [line, last] = [lineAt(node.getStart(source)), lineAt(node.end)];
      found.push({ line, lines: last - line + 1, parameters: node.parameters.length });
    }
    node.forEachChild(visit);
  };
  (source as Node).forEachChild(visit);
  return found;
}

/** The middle of some numbers. */
export const median = (values: number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
