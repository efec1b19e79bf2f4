import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WASI } from 'node:wasi';
import type { SimulationPorts } from '../../fpga/emit/index.js';
import type { OutputFile } from '../../models/index.js';
import { compileCxxrtl, cxxName } from './cxxrtl.js';

const harness = fileURLToPath(new URL('../../../fpga/sim/harness.cc', import.meta.url));

const inputNames = ['i_clk', 'i_rst', 'i_valid', 'i_data', 'i_last', 'i_ready'];
const weightInputs = ['i_weight_valid', 'i_weight_address', 'i_weight_data'];
const outputs = ['o_ready', 'o_valid', 'o_data', 'o_last', 'o_busy', 'o_loaded', 'o_misframed', 'o_spikes'];
const traces = ['o_trace_valid', 'o_trace_tensor', 'o_trace_value'];

/** The class that the harness drives, for CXXRTL instead of Verilator. */
const shim = ({ traces: count, fifos }: SimulationPorts) => {
  const inputs = [...inputNames, ...weightInputs, ...(fifos.length ? ['i_stall'] : [])];
  const wide = [...traces, ...(fifos.length ? ['o_stalled'] : [])];
  return `#include "design.h"
#define TRACES ${count}
#define FIFOS ${fifos.length}
template <size_t Bits> const uint32_t *wordsOf(const cxxrtl::value<Bits> &port) { return port.data; }
template <size_t Bits> const uint32_t *wordsOf(const cxxrtl::wire<Bits> &port) { return port.curr.data; }
struct Vspikelet_core {
  cxxrtl_design::${cxxName('spikelet_core')} top;
  uint32_t ${[...inputs, ...outputs].map((name) => `${name} = 0`).join(', ')};
  const uint32_t ${wide.map((name) => `*${name} = wordsOf(top.${cxxName(name)})`).join(', ')};
  void eval() {
${inputs.map((name) => `    top.${cxxName(name)}.set<uint32_t>(${name});`).join('\n')}
    top.step();
${outputs.map((name) => `    ${name} = top.${cxxName(name)}.get<uint32_t>();`).join('\n')}
  }
};
`;
};

/**
 * Runs the harness (fpga/sim/harness.cc) with arguments, weights to load and frames; returns its output, one
 * line of JSON per frame.
 */
export type CxxrtlCore = (args: string[], frames: Int8Array[], weights?: Uint8Array) => string[];

/** A simulator of `spikelet_core` that needs only npm packages. */
export async function compileCxxrtlCore(files: OutputFile[], ports: SimulationPorts): Promise<CxxrtlCore> {
  const source = await readFile(harness, 'utf8');
  const module = await compileCxxrtl(files, 'spikelet_core', source, {
    model: 'command',
    headers: { 'Vspikelet_core.h': shim(ports) },
  });
  return (args, frames, weights = new Uint8Array()) => {
    const folder = mkdtempSync(join(tmpdir(), 'spikelet-cxxrtl-'));
    try {
      const [from, to] = [join(folder, 'frames'), join(folder, 'lines')];
      writeFileSync(from, Buffer.concat([weights, ...frames.map((frame) => new Uint8Array(frame))]));
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
