import { WASI } from 'node:wasi';
import type { OutputFile } from '../../models/index.js';
import { treeOf, verilogOf } from './file-tree.js';
import { clang, fileOf, runPackage, type Tree, textOf, yosys } from './packages.js';
import { shared } from './yosys-resources.js';

/** A simulated design: CXXRTL's C++ compiled to WebAssembly with the functions of a harness. */
export type Simulation = { exports: Record<string, CallableFunction>; memory: () => Uint8Array<ArrayBuffer> };

/** A module or signal as CXXRTL names it. */
export const cxxName = (name: string): string => `p_${name.replaceAll('_', '__')}`;

/**
 * A simulator of `top` from Verilog, by npm packages alone: `harness` is C++ that finds the design as
 * `cxxrtl_design::` `cxxName(top)` in design.h and
 * exports functions (a reactor) or has a main function (a command).
 */
export async function compileCxxrtl(
  files: OutputFile[],
  top: string,
  harness: string,
  { model = 'reactor', headers = {} }: { model?: 'reactor' | 'command'; headers?: Tree } = {},
): Promise<WebAssembly.Module> {
  const script = `read_verilog ${verilogOf(files).join(' ')}; hierarchy -top ${top}; write_cxxrtl -O6 -g0 -print-output std::cerr -header design.cc`;
  const { files: made } = await runPackage(yosys, ['-q', '-p', script], treeOf(files));
  // Without its assertions: a read port evaluates its address in clocks too in which nobody takes the word.
  const { files: compiled } = await runPackage(
    clang,
    [
      ...[
        'clang++',
        '-std=c++17',
        '-O2',
        '-fno-exceptions',
        '-DCXXRTL_NDEBUG',
        `-mexec-model=${model}`,
        '-I.',
        '-Icxx',
      ],
      ...['design.cc', 'harness.cc', '-o', 'simulation.wasm'],
    ],
    {
      'design.cc': textOf(made, 'design.cc'),
      'design.h': textOf(made, 'design.h'),
      ...headers,
      'harness.cc': harness,
      cxx: await shared('include/backends/cxxrtl/runtime'),
    },
  );
  return WebAssembly.compile(fileOf(compiled, 'simulation.wasm'));
}

/** Starts a compiled simulator. */
export async function startCxxrtl(module: WebAssembly.Module): Promise<Simulation> {
  const wasi = new WASI({ version: 'preview1' });
  const instance = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: wasi.wasiImport });
  wasi.initialize(instance);
  const exports = instance.exports as Record<string, CallableFunction> & { memory: WebAssembly.Memory };
  return { exports, memory: () => new Uint8Array(exports.memory.buffer) };
}
