import { join } from 'node:path';
import type { Graph } from '../../models/index.js';
import { requireWritable, writeFiles } from '../system/files.js';
import { exclusively } from '../system/lock.js';
import { requireFor, settled, type TargetName, targetOf, type targets } from '../targets/index.js';
import type { Build, Hooks, MakeOptions } from '../targets/target.js';

type Targets = typeof targets;

/** Options of `build`, by target. */
export type BuildOptions = { [T in TargetName]: Parameters<Targets[T]['build']>[1] };

/** What `build` makes, by target: files, plain data, and `make` for the target's own tools. */
export type Builds = { [T in TargetName]: Awaited<ReturnType<Targets[T]['build']>> };

/**
 * What `buildTo` tells of a build: its data, what its tools made, and the paths of its files in the folder.
 */
export type BuildResult<T extends TargetName> = {
  target: T;
  out: string;
  files: string[];
} & Builds[T]['data'] &
  Awaited<ReturnType<Builds[T]['make']>>;

/**
 * Compiles a Graph for a target, in memory: a WebAssembly module with its loader, a project in C for a board,
 * or one in Verilog for an FPGA. Nothing is written, and only `wasm` is compiled to its end; `buildTo` does
 * the rest.
 * @param target `wasm`, `firmware` or `verilog`; the last two need `options.board`.
 * @param hooks Told what is being worked at.
 * @returns `files`, `{ path, contents }` each; `data`, the sizes in bytes that are known.
 * @throws SpikeletError where an option is wrong (code 2), the Graph is not proven or does not fit (code 1).
 */
export async function build<T extends TargetName>(
  graph: Graph,
  target: T,
  options: BuildOptions[T] = {},
  hooks: Hooks = {},
): Promise<Builds[T]> {
  const built = await targetOf(target).build(graph, settled(target, 'build', options), hooks);
  return built as Builds[T];
}

/**
 * Builds into a folder and runs the target's own tools there: make and a compiler for firmware, yosys and
 * nextpnr (where they are installed) for an FPGA. Files that spikelet did not write are replaced with `force`
 * alone.
 * @returns The build's data, and what the tools made: bytes that were linked, or area, highest clock and
 * bitstream.
 * @throws SpikeletError as `build`, where a tool is missing or fails, and where the folder cannot be written.
 */
export async function buildTo<T extends TargetName>(
  folder: string,
  graph: Graph,
  target: T,
  options: BuildOptions[T] = {},
  { force = false, ...hooks }: MakeOptions = {},
): Promise<BuildResult<T>> {
  return exclusively(folder, async () => {
    await requireBuild(target, options);
    const { writes } = targetOf(target);
    if (writes !== undefined) await requireWritable(join(folder, writes));
    const built: Build = await build(graph, target, options, hooks);
    const { files, data, products } = built;
    await writeFiles(folder, files, { force, products });
    const made = await built.make(folder, { force, ...hooks });
    return { target, out: folder, files: files.map(({ path }) => path), ...data, ...made } as BuildResult<T>;
  });
}

/** Throws now where `buildTo` would for its options or for tools that are missing. */
export const requireBuild = <T extends TargetName>(target: T, options: BuildOptions[T]): Promise<void> =>
  requireFor(target, 'build', settled(target, 'build', options));
