import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WASI } from 'node:wasi';
import type { OutputFile } from '../../models/index.js';
import { compileCxxrtl, cxxName } from './cxxrtl.js';

const harness = fileURLToPath(new URL('../../../fpga/sim/harness.cc', import.meta.url));

const inputs = { i_clk: 1, i_rst: 1, i_valid: 1, i_data: 8, i_ready: 1, i_weight_valid: 1 };
const outputs = {
  o_ready: 1,
  o_valid: 1,
  o_data: 32,
  o_spikes: 4,
  o_trace_valid: 1,
  o_trace_tensor: 16,
  o_trace_value: 32,
};

/** The class that the harness drives, with CXXRTL in place of Verilator. */
const shim = `#include "design.h"
struct Vspikelet_core {
  cxxrtl_design::${cxxName('spikelet_core')} top;
  uint32_t ${[...Object.keys(inputs), ...Object.keys(outputs)].map((name) => `${name} = 0`).join(', ')};
  void eval() {
${Object.keys(inputs)
  .map((name) => `    top.${cxxName(name)}.set<uint32_t>(${name});`)
  .join('\n')}
    top.step();
${Object.keys(outputs)
  .map((name) => `    ${name} = top.${cxxName(name)}.get<uint32_t>();`)
  .join('\n')}
  }
};
`;

/** Runs the harness (fpga/sim/harness.cc) with its arguments on frames; returns its lines, one of JSON per frame. */
export type CxxrtlCore = (args: string[], frames: Int8Array[]) => string[];

/** A simulator of `spikelet_core` by npm packages alone. */
export async function compileCxxrtlCore(files: OutputFile[]): Promise<CxxrtlCore> {
  const source = await readFile(harness, 'utf8');
  const module = await compileCxxrtl(files, 'spikelet_core', source, {
    model: 'command',
    headers: { 'Vspikelet_core.h': shim },
  });
  return (args, frames) => {
    const folder = mkdtempSync(join(tmpdir(), 'spikelet-cxxrtl-'));
    try {
      const [from, to] = [join(folder, 'frames'), join(folder, 'lines')];
      writeFileSync(from, Buffer.concat(frames.map((frame) => new Uint8Array(frame))));
      const [stdin, stdout] = [openSync(from, 'r'), openSync(to, 'w')];
      try {
        const wasi = new WASI({ version: 'preview1', args: ['core', ...args], stdin, stdout });
        const imports = { wasi_snapshot_preview1: wasi.wasiImport };
        wasi.start(new WebAssembly.Instance(module, imports));
      } finally {
        closeSync(stdin);
        closeSync(stdout);
      }
      return readFileSync(to, 'utf8').trim().split('\n');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}
