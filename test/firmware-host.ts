import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeFiles } from '../host/files.js';
import type { Graph, OutputFile } from '../models/index.js';
import { differenceOf, wordsOf } from './firmware-layers.js';
import { temporaryFolder } from './firmware-project.js';

/** C of the tests, which tsc does not copy. */
const driver = fileURLToPath(new URL('../../test/firmware/layers.c', import.meta.url));

export const install = 'apt-get install gcc gcc-multilib';

/** Whether this machine compiles and runs 32-bit C with sanitizers. Says what is missing. */
export async function canRunHere(): Promise<boolean> {
  const folder = await temporaryFolder();
  await writeFiles(folder, [{ path: 'try.c', contents: 'int main(void) { return 0; }' }]);
  try {
    execFileSync('gcc', [...flags, 'try.c', '-o', 'try'], { cwd: folder, stdio: 'ignore' });
    execFileSync(join(folder, 'try'), { stdio: 'ignore' });
    return true;
  } catch {
    console.log(`skipped: printed C on this machine, because gcc -m32 is not installed (${install})`);
    return false;
  }
}

const flags = [
  ...['-m32', '-std=c99', '-pedantic', '-O1', '-g', '-Wall', '-Wextra', '-Werror'],
  ...['-fsanitize=address,undefined', '-fno-sanitize-recover=all'],
];

/** Compiles a printed model with the driver that prints the CRC of every layer. */
export async function compileHere(files: OutputFile[], defines: string[] = []): Promise<string> {
  const folder = await temporaryFolder();
  const contents = await readFile(driver, 'utf8');
  await writeFiles(folder, [...files, { path: 'layers.c', contents }]);
  const sources = [...files.map(({ path }) => path), 'layers.c'].filter((path) => /\.[cS]$/.test(path));
  const args = ['-DSPIKELET_TRACE', ...defines.map((name) => `-D${name}`), '-I.', ...sources, '-o', 'layers'];
  execFileSync('gcc', [...flags, ...args], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  return join(folder, 'layers');
}

/** Samples of which every layer equals the interpreter; the first layer that differs otherwise. */
export function compareHere(program: string, graph: Graph, images: Int8Array[]): string {
  const output = execFileSync(program, {
    cwd: dirname(program),
    input: Buffer.concat(images.map((image) => Buffer.from(image.buffer, image.byteOffset, image.length))),
    maxBuffer: 1 << 30,
  });
  const words = new Uint32Array(output.buffer, output.byteOffset, output.length / 4);
  const perImage = wordsOf(graph);
  if (words.length !== perImage * images.length) return `${words.length} words came`;
  for (const [sample, image] of images.entries()) {
    const found = words.subarray(sample * perImage, (sample + 1) * perImage);
    const difference = differenceOf(graph, image, found);
    if (difference) return `sample ${sample}, ${difference}`;
  }
  return `${images.length} equal`;
}
