import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { crc32, readSafetensors } from '../../models/index.js';

/** Every file below a folder, by its path in it. */
export function filesBelow(folder: string): string[] {
  const found: string[] = [];
  for (const { name, parentPath } of readdirSync(folder, { withFileTypes: true, recursive: true }).filter(
    (entry) => entry.isFile(),
  ))
    found.push(relative(folder, join(parentPath, name)));
  return found.sort();
}

/** Files that a process left when it was killed: named so that nobody takes them for output. */
export const isLeftover = (path: string): boolean => /(^|\/)\.[^/]*\.(tmp|lock)$/.test(path);

/** Why a file is not whole, by what its name says that it is; undefined: it is. */
export function notWhole(path: string, { killed }: { killed: boolean }): string | undefined {
  const bytes = readFileSync(path);
  const text = () => bytes.toString('utf8');
  try {
    // Lines are appended one by one: before the first there is none.
    if (!bytes.length && !path.endsWith('.jsonl')) return 'it is empty';
    if (path.endsWith('.safetensors')) readSafetensors(bytes, path);
    else if (path.endsWith('.json')) JSON.parse(text());
    else if (path.endsWith('.jsonl')) {
      // A line is appended as a whole, but no file system promises that of a process that is killed.
      const lines = text().split('\n');
      const last = lines.pop();
      if (last && !killed) return 'its last line has no end';
      for (const line of lines) JSON.parse(line);
    } else if (path.endsWith('.wasm')) new WebAssembly.Module(bytes);
    else if (path.endsWith('.uf2') && bytes.length % 512) return `${bytes.length} bytes`;
    else if (path.endsWith('.svg') && !text().trimEnd().endsWith('</svg>')) return 'it is cut';
  } catch (error) {
    return (error as Error).message.slice(0, 200);
  }
  return undefined;
}

/** CRC-32 of each file below a folder. */
export const crcsBelow = (folder: string): Map<string, number> =>
  new Map(filesBelow(folder).map((path) => [path, crc32(readFileSync(join(folder, path)))]));

/** What differs between what is below a folder and what should be there. */
export function differences(folder: string, wanted: Map<string, number>): string[] {
  const found = crcsBelow(folder);
  const missing = [...wanted.keys()].filter((path) => !found.has(path)).map((path) => `${path} is missing`);
  const other = [...found]
    .filter(([path, crc]) => wanted.has(path) && wanted.get(path) !== crc)
    .map(([path]) => `${path} differs (${statSync(join(folder, path)).size} bytes)`);
  const stray = [...found.keys()]
    .filter((path) => !wanted.has(path))
    .map((path) => `${path} is a stray file`);
  return [...missing, ...other, ...stray];
}
