import type { OutputFile } from '../../models/index.js';
import type { Tree } from './packages.js';

/** A project's files as a tree of folders. */
export function treeOf(files: OutputFile[]): Tree {
  const tree: Tree = {};
  for (const { path, contents } of files) {
    const names = path.split('/');
    let folder = tree;
    for (const name of names.slice(0, -1)) {
      folder[name] ??= {};
      folder = folder[name] as Tree;
    }
    folder[names.at(-1)!] = contents;
  }
  return tree;
}

/** Paths of the Verilog files. */
export const verilogOf = (files: OutputFile[]): string[] =>
  files.filter(({ path }) => path.endsWith('.v')).map(({ path }) => path);
