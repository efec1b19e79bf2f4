import { crc32 } from '../models/crc32.js';
import { SpikeletError } from '../models/error.js';
import { type Graph, outputOf, prove } from '../models/graph.js';
import type { OutputFile } from '../models/output.js';
import { product } from '../models/tensor.js';
import { type CoreInterface, emitBoardTop, linkSources } from './board-top.js';
import type { Board } from './boards/board.js';
import { mostSpikes } from './emit/constants.js';
import { cores, emitVerilog, simulationPorts, type VerilogOptions } from './emit/index.js';
import { productsOf, scalesByMultipliers, sequential } from './emit/sequential.js';
import { spikeBits, productsOf as streamedProducts } from './emit/streaming/top.js';
import { emitMultiply, multipliersFor } from './multiplier.js';

/**
 * A Graph's Verilog for a board: the generated files, and the names of the fpga/rtl files that go with them.
 * `multipliers`: hardware multipliers of its products, which its netlist must contain.
 */
export type Project = { files: OutputFile[]; rtl: string[]; hash: number; multipliers: number };

/** Hardware multipliers of a board that a design uses. */
export function multipliersOf(graph: Graph, board: Board, options: VerilogOptions = {}): number {
  const { architecture, lanes = 8, datapath = 'popcount' } = options;
  const { sprams, dsps } = board.capacity;
  if (!dsps) return 0;
  const multipliers = scalesByMultipliers(dsps, { lanes, datapath });
  const products =
    architecture === 'streaming'
      ? streamedProducts(graph, { lanes, datapath })
      : productsOf(sequential(graph, prove(graph), { lanes, datapath, sprams, multipliers }));
  return products.reduce((sum, [a, b]) => sum + multipliersFor(a, b, board.family), 0);
}

/** Throws a SpikeletError if lanes are to multiply on a part without multipliers. */
function requireMultipliers({ name, capacity }: Board, { datapath }: VerilogOptions): void {
  if (datapath === 'dsp' && !capacity.dsps)
    throw new SpikeletError(`${name} has no multipliers that are known to synthesis`, {
      hint: "use '--datapath popcount'",
    });
}

/** The interface of `spikelet_core` (fpga/README.md) as a board top needs it. */
export function coreInterface(graph: Graph, { architecture }: VerilogOptions = {}): CoreInterface {
  const streams = architecture === 'streaming';
  const { traces, fifos } = simulationPorts(graph, { ...(architecture ? { architecture } : {}) });
  return {
    module: 'spikelet_core',
    inputs: product(graph.tensors['input']!.shape),
    logits: product(graph.tensors[outputOf(graph)]!.shape),
    spikeBits: streams ? spikeBits(graph) : 4,
    frameSpikes: mostSpikes(graph),
    loads: true,
    stalls: streams,
    // Layers that work in parallel have no cycles of their own to count.
    tensors: streams ? 0 : graph.nodes.length + 1,
    ...(streams ? {} : { traces }),
    status: true,
    open: [
      { port: 'o_trace_value', bits: 32 * traces },
      ...(streams
        ? [
            { port: 'o_trace_valid', bits: traces },
            { port: 'o_trace_tensor', bits: 16 * traces },
            { port: 'o_stalled', bits: fifos.length },
          ]
        : []),
    ],
  };
}

/**
 * Version of host_link.v's commands. Increase it if an older host and a new board would misunderstand each
 * other.
 */
const LINK_VERSION = 3;

/** The whole design of a Graph on a board. Its hash covers the link and everything generated for the core. */
export function emitProject(graph: Graph, board: Board, options: VerilogOptions = {}): Project {
  const { lanes = 8, datapath = 'popcount' } = options;
  requireMultipliers(board, options);
  const multipliers = scalesByMultipliers(board.capacity.dsps, { lanes, datapath });
  const generated = emitVerilog(graph, { sprams: board.capacity.sprams, multipliers, ...options });
  const encoder = new TextEncoder();
  const hash = generated.reduce(
    (crc, { contents }) => crc32(typeof contents === 'string' ? encoder.encode(contents) : contents, crc),
    LINK_VERSION,
  );
  const multiply = board.capacity.dsps ? emitMultiply(board.family) : undefined;
  return {
    files: [
      ...generated,
      ...(multiply ? [multiply] : []),
      ...emitBoardTop(board, coreInterface(graph, options), { hash }),
    ],
    rtl: [...cores[options.architecture ?? 'sequential'], ...linkSources],
    hash,
    multipliers: multipliersOf(graph, board, options),
  };
}
