import { SpikeletError } from '../../models/error.js';
import { type Graph, prove } from '../../models/graph.js';
import type { OutputFile } from '../../models/output.js';
import { hexWords, wordBytes, wrap } from './constants.js';
import { type Datapath, datapaths, programSource, sequential, topSource } from './sequential.js';
import { emitStreaming, fifoNames } from './streaming/top.js';

export { type Datapath, datapaths };

/**
 * `sequential`: one time-multiplexed core with a layer program; the smallest, and it supports every op.
 * `streaming`: a core per layer with FIFOs between them, all working at the same time.
 */
export const architectures = ['sequential', 'streaming'] as const;
export type Architecture = (typeof architectures)[number];

export type VerilogOptions = {
  architecture?: Architecture;
  /** Outputs that are accumulated in parallel, 1 to 64. */
  lanes?: number;
  /** How an event is added: once per spike, once per set bit of its count, or by multiplying. */
  datapath?: Datapath;
  /**
   * Single-port RAMs of 16384 words of 16 bits, used for the maps first and then for the weights, which must
   * then be loaded over the link.
   */
  sprams?: number;
  /** Whether hardware multipliers scale membranes and logits; otherwise this is done bit by bit. */
  multipliers?: boolean;
};

/** The cores of fpga/rtl that each top needs, by file name. */
export const cores: Record<Architecture, readonly string[]> = {
  sequential: [
    'byte_ram.v',
    'encode.v',
    'event_extract.v',
    'finish.v',
    'frame_status.v',
    'map_memory.v',
    'multiply.v',
    'ram.v',
    'scale.v',
    'spike_engine.v',
    'spike_lane.v',
    'spike_steps.v',
    'weight_memory.v',
    'window_scan.v',
  ],
  streaming: [
    'charge.v',
    'depthwise_accumulate.v',
    'drain.v',
    'event_replay.v',
    'event_select.v',
    'fifo.v',
    'fifo_ram.v',
    'frame_status.v',
    'map_sum.v',
    'multiply.v',
    'ram.v',
    'rom.v',
    'scale.v',
    'spike_accumulate.v',
    'spike_lane.v',
    'spike_steps.v',
    'stream_fifo.v',
    'stream_fork.v',
    'thresholds.v',
    'window.v',
    'window_sum.v',
  ],
};

/**
 * What a top exposes to a simulator (fpga/README.md). `traces`: number of values it can write in one clock.
 * `fifos`: names of the FIFOs that can be stalled.
 */
export type SimulationPorts = { traces: number; fifos: string[] };

export const simulationPorts = (graph: Graph, { architecture }: VerilogOptions = {}): SimulationPorts =>
  architecture === 'streaming'
    ? { traces: graph.nodes.length + 1, fifos: fifoNames(graph) }
    : { traces: 2, fifos: [] };

/**
 * Emits a Graph as Verilog. fpga/README.md describes the interface of the top, `spikelet_core`. The cores
 * that it instantiates are the files of fpga/rtl.
 */
export function emitVerilog(graph: Graph, options: VerilogOptions = {}): OutputFile[] {
  const { architecture = 'sequential', lanes = 8 } = options;
  if (!(Number.isInteger(lanes) && lanes >= 1 && lanes <= 64))
    throw new SpikeletError(`${lanes} lanes are not possible`, { hint: 'choose 1 to 64' });
  const { datapath = 'popcount' } = options;
  if (architecture === 'streaming') return emitStreaming(graph, { lanes, datapath });
  return emitSequential(graph, { ...options, lanes, datapath });
}

function emitSequential(
  graph: Graph,
  { lanes, datapath, sprams = 0, multipliers = true }: VerilogOptions & { lanes: number; datapath: Datapath },
): OutputFile[] {
  const engine = sequential(graph, prove(graph), { lanes, datapath, sprams, multipliers });
  const { program, word, constant } = engine;
  return [
    { path: 'spikelet_core.v', contents: topSource(graph, engine) },
    { path: 'spikelet_program.v', contents: programSource(graph, engine) },
    { path: 'weights.hex', contents: hexWords(program.weights.length ? program.weights : [0n], word) },
    { path: 'weights.bin', contents: wordBytes(program.weights, word) },
    {
      path: 'constants.hex',
      contents: hexWords(
        (program.constants.length ? program.constants : [0]).map((c) => wrap(c, constant)),
        constant,
      ),
    },
  ];
}
