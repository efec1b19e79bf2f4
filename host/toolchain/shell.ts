import { readdir, readFile } from 'node:fs/promises';
import type { OutputFile } from '../../models/index.js';

/** The C sources of every firmware, shipped in the package next to dist/. */
const shellFolder = new URL('../../../firmware-gen/shell/', import.meta.url);

/** All sources of the shell, paths below firmware-gen/shell/. */
export async function readShell(): Promise<OutputFile[]> {
  const paths = (await readdir(shellFolder, { recursive: true }))
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => /\.[chS]$/.test(path))
    .sort();
  return Promise.all(
    paths.map(async (path) => ({ path, contents: await readFile(new URL(path, shellFolder), 'utf8') })),
  );
}
