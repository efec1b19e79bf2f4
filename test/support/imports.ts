import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the sources import, read from their text. */
export const root = fileURLToPath(new URL('../../../', import.meta.url));
export const rooms = ['models', 'quantize', 'assembly', 'wasm', 'firmware-gen', 'fpga', 'host', 'test'];

/** Paths of the sources of a folder in any language, from the root. */
export const texts = (folder: string): string[] =>
  readdirSync(join(root, folder)).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(join(root, path)).isDirectory()) return name === 'node_modules' ? [] : texts(path);
    return /\.(m?ts|mjs|c|h|v|S)$/.test(name) ? [path] : [];
  });

/** Paths of the TypeScript sources of a folder, from the root. */
export const sources = (folder: string): string[] => texts(folder).filter((path) => /\.m?ts$/.test(path));

export type Import = { from: string; target: string; typeOnly: boolean; dynamic: boolean };

export function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found: Import[] = [];
  for (const [, kind, target] of text.matchAll(
    /^(?:import|export)\s+(type\s)?[^'"`;]*?from\s+['"]([^'"]+)['"]/gm,
  ))
    found.push({ from: file, target: target!, typeOnly: kind !== undefined, dynamic: false });
  for (const [, target] of text.matchAll(/^import\s+['"]([^'"]+)['"]/gm))
    found.push({ from: file, target: target!, typeOnly: false, dynamic: false });
  for (const [, target] of text.matchAll(/import\(\s*['"]([^'"]+)['"]\s*\)/g))
    found.push({ from: file, target: target!, typeOnly: false, dynamic: true });
  return found;
}

export const pathOf = ({ from, target }: Import) => relative(root, resolve(root, dirname(from), target));
export const roomOf = (path: string) => path.split(sep)[0]!;
