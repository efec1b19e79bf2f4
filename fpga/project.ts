import { crc32 } from '../models/crc32.js';
import { type Graph, outputOf } from '../models/graph.js';
import type { OutputFile } from '../models/output.js';
import { product } from '../models/tensor.js';
import { type CoreInterface, emitBoardTop, linkSources } from './board-top.js';
import type { Board } from './boards/board.js';
import { mostSpikes } from './emit/constants.js';
import { scalesByMultipliers } from './emit/sequential.js';
import { spikeBits } from './emit/streaming/top.js';
import { cores, emitVerilog, simulationPorts, type VerilogOptions } from './emit.js';

/** A Graph's Verilog for a board: what is generated, and the names of the files of fpga/rtl that go with it. */
export type Project = { files: OutputFile[]; rtl: string[]; hash: number };

/** The interface of `spikelet_core` (fpga/README.md) as a board top must know it. */
export function coreInterface(graph: Graph, { architecture }: VerilogOptions = {}): CoreInterface {
  const streams = architecture === 'streaming';
  return {
    module: 'spikelet_core',
    inputs: product(graph.tensors['input']!.shape),
    logits: product(graph.tensors[outputOf(graph)]!.shape),
    spikeBits: streams ? spikeBits(graph) : 4,
    frameSpikes: mostSpikes(graph),
    loads: true,
    stalls: streams,
    // Layers that work side by side are not done one after the other: nothing is theirs alone.
    tensors: streams ? 0 : graph.nodes.length + 1,
    ...(streams ? {} : { traces: simulationPorts(graph).traces }),
    open: ['o_trace_value', ...(streams ? ['o_trace_valid', 'o_trace_tensor', 'o_stalled'] : [])],
  };
}

/** Commands of host_link.v; another number where a host of before would misunderstand a board, or be misunderstood. */
const LINK_VERSION = 2;

/** The whole design of a Graph on a board. Its hash is of everything that was generated for the core, and of the link. */
export function emitProject(graph: Graph, board: Board, options: VerilogOptions = {}): Project {
  const { lanes = 8, datapath = 'popcount' } = options;
  const multipliers = scalesByMultipliers(board.capacity.dsps, { lanes, datapath });
  const generated = emitVerilog(graph, { sprams: board.capacity.sprams, multipliers, ...options });
  const encoder = new TextEncoder();
  const hash = generated.reduce(
    (crc, { contents }) => crc32(typeof contents === 'string' ? encoder.encode(contents) : contents, crc),
    LINK_VERSION,
  );
  return {
    files: [...generated, ...emitBoardTop(board, coreInterface(graph, options), { hash })],
    rtl: [...cores[options.architecture ?? 'sequential'], ...linkSources],
    hash,
  };
}
