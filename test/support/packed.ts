import { spawn } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeExample } from './small-example.js';

/** The package as npm packs it, and a project that uses it as installed. */
export const root = fileURLToPath(new URL('../../..', import.meta.url));

export type Ran = { code: number | null; stdout: string; stderr: string };

/** Runs a program to its end; `limitMs` ends it. */
export function ran(
  command: string,
  args: string[],
  { cwd, env = {}, limitMs = 600_000 }: { cwd: string; env?: Record<string, string>; limitMs?: number },
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: limitMs,
      killSignal: 'SIGKILL',
    });
    const result: Ran = { code: null, stdout: '', stderr: '' };
    child.stdout.on('data', (text: Buffer) => (result.stdout += text));
    child.stderr.on('data', (text: Buffer) => (result.stderr += text));
    child.on('error', (error) => resolve({ ...result, stderr: error.message }));
    child.on('close', (code) => resolve({ ...result, code }));
  });
}

/** Packs what is built, without building it again; returns the tarball's path. */
export async function pack(folder: string): Promise<string> {
  const { code, stdout, stderr } = await ran(
    'npm',
    ['pack', '--ignore-scripts', '--json', '--pack-destination', folder],
    { cwd: root },
  );
  if (code !== 0) throw new Error(`npm pack: ${stderr}`);
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  return join(folder, filename);
}

/** Commands of a new user, one after another; each must end with 0 and say what it should. */
const round: [args: string[], says: RegExp][] = [
  [['--help'], /quantize/],
  [['--version'], /^\d+\.\d+\.\d+/],
  [['doctor'], /./],
  [['boards'], /rp2040/],
  [['quantize', 'net.safetensors', '--data', 'idx=data', '--out', 'graph.safetensors'], /./],
  [['build', 'graph.safetensors', '--target', 'wasm', '--out', 'built'], /./],
  [['run', 'built', '--input', 'images/0000.png'], /./],
  [['run', 'built', '--input', 'images'], /./],
  [['verify', 'graph.safetensors', '--build', 'built', '--against', 'wasm', '--data', 'idx=data'], /equal/],
  [['build', 'graph.safetensors', '--target', 'firmware', '--board', 'esp32-s3', '--out', 'firmware'], /./],
  [['build', 'graph.safetensors', '--target', 'verilog', '--board', 'icebreaker', '--out', 'fpga'], /./],
  [['inspect', 'graph.safetensors'], /./],
];

/** What users write, as an ES module; it prints the logits that the command line's module computes. */
const PROGRAM = `
import { readFile } from 'node:fs/promises';
import { loadWasm } from 'spikelet';
import { interpret, readGraph } from 'spikelet/models';
import { quantize } from 'spikelet/quantize';
import { load } from './built/model.mjs';
if (typeof quantize !== 'function') throw new Error('no quantize');
const graph = readGraph(await readFile('graph.safetensors'));
const pixels = new Int8Array(144).fill(9);
const all = [
  loadWasm(new Uint8Array(await readFile('built/model.wasm'))).infer(pixels),
  (await load()).infer(pixels),
  interpret(graph, pixels),
].map(String);
console.log(all.every((logits) => logits === all[0]) ? 'equal' : all.join(' '));
`;

/** Runs the round in a project that has spikelet installed; what went wrong, a line each. */
export async function useInstalled(project: string, node: string): Promise<string[]> {
  const wrong: string[] = [];
  await writeExample(project, 12);
  const cli = join(project, 'node_modules/spikelet/dist/host/cli/main.js');
  for (const [args, says] of round) {
    const { code, stdout, stderr } = await ran(node, [cli, ...args], { cwd: project });
    if (code !== 0 || !says.test(stdout))
      wrong.push(`spikelet ${args.join(' ')}: code ${code}: ${(stderr || stdout).slice(0, 500)}`);
  }
  await writeFile(join(project, 'use.mjs'), PROGRAM);
  const { code, stdout, stderr } = await ran(node, ['use.mjs'], { cwd: project });
  if (code !== 0 || stdout.trim() !== 'equal')
    wrong.push(`use.mjs: code ${code}: ${(stderr || stdout).slice(0, 500)}`);
  return wrong;
}

const TYPES = `
import { emitBuild, loadWasm } from 'spikelet';
import { type Graph, readGraph } from 'spikelet/models';
import { quantize } from 'spikelet/quantize';
const graph: Graph = readGraph(new Uint8Array());
export const logits: Int32Array = loadWasm(new Uint8Array()).infer(new Int8Array(1));
export { emitBuild, graph, quantize };
`;

/** Whether the types of the installed package check in another project, with the DOM's or without. */
export async function checkTypes(project: string, lib: string[]): Promise<string | undefined> {
  await writeFile(join(project, 'use.ts'), TYPES);
  const compilerOptions = {
    ...{ module: 'nodenext', target: 'es2022', strict: true, noEmit: true, skipLibCheck: false, types: [] },
    lib,
  };
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { code, stdout, stderr } = await ran(process.execPath, [tsc, '-p', project], { cwd: project });
  return code === 0 ? undefined : (stdout || stderr).slice(0, 600);
}

/** Bytes that a folder takes on the disk. */
export async function sizeOf(folder: string): Promise<number> {
  const { stdout } = await ran('du', ['-sk', folder], { cwd: folder });
  return 1024 * Number.parseInt(stdout, 10);
}

/** Packages in a node_modules folder, those of scopes with their scope. */
export async function packagesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  const scoped = names.filter((name) => name.startsWith('@'));
  const inner = await Promise.all(
    scoped.map(async (scope) => (await readdir(join(folder, scope))).map((name) => `${scope}/${name}`)),
  );
  return [...names.filter((name) => !/^[@.]/.test(name)), ...inner.flat()];
}

export const packageJson = async (folder: string) =>
  JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Record<string, Record<string, string>>;
