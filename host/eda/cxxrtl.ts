import { readFileSync } from 'node:fs';
import { WASI } from 'node:wasi';
import type { OutputFile } from '../../models/index.js';
import { cached } from '../system/cache.js';
import { installedVersion } from '../system/version.js';
import { treeOf, verilogOf } from './file-tree.js';
import { clang, fileOf, runPackage, type Tree, textOf, yosys } from './packages.js';
import { shared } from './yosys-resources.js';

/** A simulated design: CXXRTL's C++ compiled to WebAssembly with the functions of a harness. */
export type Simulation = { exports: Record<string, CallableFunction>; memory: () => Uint8Array<ArrayBuffer> };

/** CXXRTL's name of a module or signal. */
export const cxxName = (name: string): string => `p_${name.replaceAll('_', '__')}`;

/**
 * A simulator of `top` from Verilog that needs only npm packages. `harness` is C++ that uses the design in
 * design.h, `cxxName(top)` in namespace cxxrtl_design, and exports functions (a reactor) or has a main
 * function (a command).
 * What was compiled before on this machine is kept, since that takes a minute.
 */
export async function compileCxxrtl(
  files: OutputFile[],
  top: string,
  harness: string,
  { model = 'reactor', headers = {} }: { model?: 'reactor' | 'command'; headers?: Tree } = {},
): Promise<WebAssembly.Module> {
  const versions = [yosys, clang].map(({ name }) => `${name} ${installedVersion(name)}`);
  const own = readFileSync(new URL(import.meta.url), 'utf8');
  const texts = files.map(({ path, contents }) => [
    path,
    typeof contents === 'string' ? contents : Buffer.from(contents).toString('base64'),
  ]);
  const key = [...versions, own, JSON.stringify(texts), top, harness, model, JSON.stringify(headers)];
  const compiled = await cached('cxxrtl', key, () => compileNow(files, top, harness, { model, headers }));
  return WebAssembly.compile(compiled as Uint8Array<ArrayBuffer>);
}

async function compileNow(
  files: OutputFile[],
  top: string,
  harness: string,
  { model, headers }: { model: 'reactor' | 'command'; headers: Tree },
): Promise<Uint8Array> {
  const script = `read_verilog ${verilogOf(files).join(' ')}; hierarchy -top ${top}; write_cxxrtl -O6 -g0 -print-output std::cerr -header design.cc`;
  const { files: made } = await runPackage(yosys, ['-q', '-p', script], treeOf(files));
  // Without CXXRTL's assertions, because a read port also evaluates its address in clocks in which its word
  // is not used.
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
  return fileOf(compiled, 'simulation.wasm');
}

/** Starts a compiled simulator. */
export async function startCxxrtl(module: WebAssembly.Module): Promise<Simulation> {
  const wasi = new WASI({ version: 'preview1' });
  const instance = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: wasi.wasiImport });
  wasi.initialize(instance);
  const exports = instance.exports as Record<string, CallableFunction> & { memory: WebAssembly.Memory };
  return { exports, memory: () => new Uint8Array(exports.memory.buffer) };
}
