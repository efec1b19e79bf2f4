import { createRequire } from 'node:module';
import { SpikeletError } from '../../models/index.js';
import { npmInstall } from '../system/version.js';

/** Files and folders in memory, as the packages take and return them. */
export type Tree = { [name: string]: Tree | string | Uint8Array };

type RunOptions = {
  stdout?: (bytes: Uint8Array | null) => void;
  stderr?: (bytes: Uint8Array | null) => void;
  decodeASCII?: boolean;
  /** Called as the package is read; the default prints to the console. */
  fetchProgress?: () => void;
};

type Command = (args: string[] | null, files?: Tree, options?: RunOptions) => Promise<Tree> | Tree;

/**
 * FPGA tools on npm, compiled to WebAssembly. Optional, as they are hundreds of megabytes that few users
 * need.
 */
export type ToolPackage = { name: string; command: string; enables: string; megabytes: number };

export const yosys: ToolPackage = {
  name: '@yowasp/yosys',
  command: 'runYosys',
  enables: 'synthesis and simulation of Verilog',
  megabytes: 38,
};
export const nextpnr: ToolPackage = {
  name: '@yowasp/nextpnr-ice40',
  command: 'runNextpnrIce40',
  enables: 'bitstreams for iCE40',
  megabytes: 223,
};
export const icepack: ToolPackage = { ...nextpnr, command: 'runIcepack' };
export const clang: ToolPackage = {
  name: '@yowasp/clang',
  command: 'runClang',
  enables: 'simulation of Verilog with only npm packages',
  megabytes: 101,
};

export const toolPackages: ToolPackage[] = [yosys, nextpnr, clang];

/** The command that installs packages. */
export const installLine = (...tools: ToolPackage[]): string => npmInstall(...tools.map(({ name }) => name));

const require = createRequire(import.meta.url);

/** The folder of a package, if it is installed. */
export function folderOf({ name }: ToolPackage): string | undefined {
  try {
    return require.resolve(name).replace(/[/\\]gen[/\\][^/\\]*$/, '');
  } catch {
    return undefined;
  }
}

export const installed = (tool: ToolPackage): boolean => folderOf(tool) !== undefined;

/** A package's function. Throws a SpikeletError with the install command if it is missing. */
async function commandOf(tool: ToolPackage): Promise<Command> {
  if (!installed(tool))
    throw new SpikeletError(`${tool.name} is not installed, and ${tool.enables} needs it`, {
      hint: `${installLine(tool)} (${tool.megabytes} MB)`,
    });
  const module = (await import(tool.name)) as Record<string, Command>;
  return module[tool.command]!;
}

/**
 * Runs a tool on files in memory; returns the resulting files and its output. Throws a SpikeletError with the
 * end of the output if it fails.
 */
export async function runPackage(
  tool: ToolPackage,
  args: string[],
  files: Tree,
): Promise<{ files: Tree; log: string }> {
  const command = await commandOf(tool);
  const decoder = new TextDecoder();
  let log = '';
  const keep = (bytes: Uint8Array | null): void => {
    // Keep only the end of very long output.
    if (bytes) log = (log + decoder.decode(bytes)).slice(-(1 << 20));
  };
  // Loads the package into memory first; otherwise it reports progress on the console.
  await command(null, {}, { fetchProgress: () => undefined });
  try {
    return {
      files: await command(args, files, {
        stdout: keep,
        stderr: keep,
        decodeASCII: false,
      }),
      log,
    };
  } catch (error) {
    const lines = log.trim().split('\n');
    const said = lines.filter((line) => /^(ERROR|error|.*: error)/.test(line));
    throw new SpikeletError(`${tool.name} failed: ${log.trim() ? '' : String(error)}`, {
      lines: (said.length ? said : lines).slice(-8),
    });
  }
}

/** A file that a tool wrote. */
export function fileOf(files: Tree, name: string): Uint8Array<ArrayBuffer> {
  const file = files[name];
  if (file instanceof Uint8Array) return new Uint8Array(file);
  if (typeof file === 'string') return new TextEncoder().encode(file);
  throw new SpikeletError(`the tool did not write ${name}`);
}

export const textOf = (files: Tree, name: string): string => new TextDecoder().decode(fileOf(files, name));
