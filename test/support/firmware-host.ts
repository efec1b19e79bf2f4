import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeFiles } from '../../host/system/files.js';
import type { Graph, OutputFile } from '../../models/index.js';
import { differenceOf, wordsOf } from './firmware-layers.js';
import { temporaryFolder } from './firmware-project.js';
import { sanitizers, starterOf32 } from './needs.js';

/** C of the tests, which tsc does not copy. */
export const testSource = async (name: string): Promise<OutputFile> => ({
  path: name,
  contents: await readFile(new URL(`../../../test/support/c/${name}`, import.meta.url), 'utf8'),
});

const starter = await starterOf32();

/**
 * Runs a program of compileProgram() to its end. Leaks are not looked for: QEMU cannot, and there is no heap.
 */
export const runHere = (
  program: string,
  input: NodeJS.ArrayBufferView | string = '',
  env: Record<string, string> = {},
) =>
  spawnSync(starter[0] ?? program, [...starter.slice(1), ...(starter.length ? [program] : [])], {
    cwd: dirname(program),
    env: { ...process.env, ...env, ASAN_OPTIONS: 'detect_leaks=0' },
    input,
    maxBuffer: 1 << 30,
  });

/**
 * Talks with a program of compileProgram(): `use` sends bytes and waits for what it says; then its input
 * ends.
 */
export async function talkHere(
  program: string,
  env: Record<string, string>,
  use: (write: (text: string) => void, said: () => Promise<string>) => Promise<void>,
): Promise<{ status: number | null; stdout: string }> {
  const args = [...starter.slice(1), ...(starter.length ? [program] : [])];
  const child = spawn(starter[0] ?? program, args, {
    cwd: dirname(program),
    env: { ...process.env, ...env, ASAN_OPTIONS: 'detect_leaks=0' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let stdout = '';
  let heard = (): void => undefined;
  child.stdout.on('data', (bytes: Buffer) => {
    stdout += bytes.toString('latin1');
    heard();
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const said = () =>
    new Promise<string>((resolve) => {
      heard = () => resolve(stdout);
    });
  // Where it ends early there is nothing more to hear.
  await Promise.race([use((text) => child.stdin.write(Buffer.from(text, 'latin1')), said), ended]);
  child.stdin.end();
  return { status: await ended, stdout };
}

const flags = [
  ...['-m32', '-std=c99', '-pedantic', '-O1', '-g', '-Wall', '-Wextra', '-Werror'],
  ...sanitizers,
];

/** Compiles a printed model with the driver that prints the CRC of every layer. */
export const compileHere = async (files: OutputFile[], defines: string[] = []): Promise<string> =>
  compileProgram([...files, await testSource('layers.c')], ['SPIKELET_TRACE', ...defines]);

/** Compiles C of one folder for this machine, 32-bit and with sanitizers; returns the program's path. */
export async function compileProgram(files: OutputFile[], defines: string[] = []): Promise<string> {
  const folder = await temporaryFolder();
  await writeFiles(folder, files);
  const sources = files.map(({ path }) => path).filter((path) => /\.[cS]$/.test(path));
  const args = [...defines.map((name) => `-D${name}`), '-I.', ...sources, '-o', 'program'];
  execFileSync('gcc', [...flags, ...args], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  return join(folder, 'program');
}

/** Number of samples whose layers all equal the interpreter's; otherwise the first layer that differs. */
export function compareHere(program: string, graph: Graph, images: Int8Array[]): string {
  const { stdout: output, stderr } = runHere(
    program,
    Buffer.concat(images.map((image) => Buffer.from(image.buffer, image.byteOffset, image.length))),
  );
  const words = new Uint32Array(output.buffer, output.byteOffset, output.length / 4);
  const perImage = wordsOf(graph);
  if (words.length !== perImage * images.length) return `${words.length} words came: ${stderr}`;
  for (const [sample, image] of images.entries()) {
    const found = words.subarray(sample * perImage, (sample + 1) * perImage);
    const difference = differenceOf(graph, image, found);
    if (difference) return `sample ${sample}, ${difference}`;
  }
  return `${images.length} equal`;
}
