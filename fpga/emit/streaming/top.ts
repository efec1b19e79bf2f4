import { type Graph, outputOf, prove } from '../../../models/graph.js';
import { isAccumulate } from '../../../models/ops/accumulate.js';
import type { OutputFile } from '../../../models/output.js';
import { product } from '../../../models/tensor.js';
import { verilogComment } from '../../../models/text/verilog.js';
import { streamingOp } from '../../ops/index.js';
import type { Datapath } from '../datapaths.js';
import { equationOf } from '../equations.js';
import { framePorts, frameStatus } from '../frame.js';
import { balance } from './balance.js';
import { type Edge, edgesOf } from './edges.js';
import { type Context, eventBits, factorBits, isSigned, type Layer, streamBits, sumBits } from './layers.js';
import { identifiers, instance, pixels, range, streamWires, widened } from './text.js';

/** Width of o_spikes: neurons of all layers may fire in the same clock. */
export const spikeBits = (graph: Graph): number =>
  Math.max(
    1,
    Math.ceil(Math.log2(1 + Object.values(graph.tensors).reduce((n, { levels = 0 }) => n + levels, 0))),
  );

/** Names of the FIFOs, in the bit order of o_stalled. */
export const fifoNames = (graph: Graph): string[] =>
  edgesOf(graph).map(
    ({ tensor, node, residual }) => `${tensor} -> ${node.name}${residual ? ' (residual)' : ''}`,
  );

/** The streaming top and the files of its constants. */
export function emitStreaming(
  graph: Graph,
  { lanes, datapath }: { lanes: number; datapath: Datapath },
): OutputFile[] {
  const { nodes } = graph;
  const proof = prove(graph);
  const id = identifiers();
  const context: Context = { graph, proof, datapath, foldings: balance(graph, { lanes, datapath }), id };
  const layers = new Map(nodes.map((node) => [node, streamingOp(node).layer(node, context)]));
  const edges = edgesOf(graph);
  const streams = [
    { tensor: 'input', name: pixels },
    ...nodes.map((node) => ({ tensor: node.output, name: id(node.name) })),
  ];
  const fan = streams.map((stream) => fanOut(stream, edges, context)).filter((text) => text !== '');
  const bodies = nodes.map((node) =>
    [
      ...[...equationOf(node, graph), layers.get(node)!.note ?? '']
        .filter((line) => line !== '')
        .map((line) => `  // ${verilogComment(line)}\n`),
      streamWires(id(node.name), streamBits(node.output, context)),
      ...edges.filter((edge) => edge.node === node).map((edge) => fifoOf(edge, edges, context)),
      layers.get(node)!.source,
    ].join(''),
  );
  const source = [
    header(graph, lanes, edges.length),
    `  // The pixels\n${streamWires(pixels, 8)}  assign ${pixels}_valid = value_valid;\n  assign ${pixels}_data = i_data;\n  assign value_ready = ${pixels}_ready;\n`,
    ...bodies,
    `  // What several layers read\n${fan.join('')}`,
    outputs(graph, streams, context),
    'endmodule\n`default_nettype wire\n',
  ].join('\n');
  return [
    { path: 'spikelet_core.v', contents: source },
    ...nodes.flatMap((node) => (layers.get(node) as Layer).files),
  ];
}

/** Widths of the factors of every product that a hardware multiplier computes. */
export function productsOf(
  graph: Graph,
  design: { lanes: number; datapath: Datapath },
): [a: number, b: number][] {
  const proof = prove(graph);
  const foldings = balance(graph, design);
  return graph.nodes.flatMap((node): [number, number][] => {
    if (!isAccumulate(node)) return [];
    const { lanes, parallel } = foldings.get(node.name)!;
    const event = eventBits(node.input, { graph, proof });
    return [
      ...Array.from({ length: design.datapath === 'dsp' ? lanes : 0 }, (): [number, number] => [
        node.bits,
        event,
      ]),
      ...(parallel && node.end.kind !== 'fire'
        ? [[sumBits(node, proof), factorBits(graph.data.get(node.end.multiplier)!) + 1] as [number, number]]
        : []),
    ];
  });
}

const header = (
  graph: Graph,
  lanes: number,
  fifos: number,
) => `// '${verilogComment(graph.name)}' as a core per layer with FIFOs between them; the slowest layer has up to ${lanes} lanes.
\`default_nettype none
module spikelet_core #(
    parameter FOLDER = "./"  // of the memories' files, seen from where the tool runs
) (
    input  wire        i_clk,
    input  wire        i_rst,
${framePorts}
    output wire ${range(spikeBits(graph))}o_spikes,
    output wire ${range(graph.nodes.length + 1)}o_trace_valid,
    output wire [${16 * (graph.nodes.length + 1) - 1}:0] o_trace_tensor,
    output wire [${32 * (graph.nodes.length + 1) - 1}:0] o_trace_value,
    input  wire [7:0]  i_stall,
    output wire ${range(fifos)}o_stalled
);
  // The weights stand in the bitstream: nothing is loaded.
  wire unused = &{1'b0, weight_valid, i_weight_valid, i_weight_data};
${frameStatus({
  values: product(graph.tensors['input']!.shape),
  logits: product(graph.tensors[outputOf(graph)]!.shape),
  bytes: 0,
  loaded: true,
})}`;

type Stream = { tensor: string; name: string };

const inputOf = ({ node, residual }: Edge, { id }: Context): string =>
  `${id(node.name)}_${residual ? 'residual' : 'in'}`;

/** The stream that feeds an edge: the tensor's own, or a branch of its fork. */
function sourceOf(
  edge: Edge,
  edges: readonly Edge[],
  context: Context,
): { wires: string; valid: string; ready: string; data: string } {
  const writer = context.graph.nodes.find((node) => node.output === edge.tensor);
  const name = writer ? context.id(writer.name) : pixels;
  const ways = edges.filter(({ tensor }) => tensor === edge.tensor);
  const data = `${name}_data`;
  if (ways.length === 1) return { wires: '', valid: `${name}_valid`, ready: `${name}_ready`, data };
  const stream = inputOf(edge, context);
  const [valid, ready] = [`${stream}_offered`, `${stream}_room`];
  return { wires: `  wire ${valid}, ${ready};\n`, valid, ready, data };
}

function fifoOf(edge: Edge, edges: readonly Edge[], context: Context): string {
  const name = inputOf(edge, context);
  const bits = streamBits(edge.tensor, context);
  const { wires, valid, ready, data } = sourceOf(edge, edges, context);
  const at = edges.indexOf(edge);
  return (
    wires +
    streamWires(name, bits) +
    instance(
      'stream_fifo',
      `${name}_fifo`,
      { WIDTH: bits, DEPTH: edge.depth, SEED: ((at + 1) * 40503) % 65535 || 1 },
      {
        i_stall: 'i_stall',
        o_stalled: `o_stalled${edges.length > 1 ? `[${at}]` : ''}`,
        i_valid: valid,
        o_ready: ready,
        i_data: data,
        o_valid: `${name}_valid`,
        i_ready: `${name}_ready`,
        o_data: `${name}_data`,
      },
    )
  );
}

/** The fork of a tensor that several nodes read. */
function fanOut({ tensor, name }: Stream, edges: readonly Edge[], context: Context): string {
  const ways = edges.filter((edge) => edge.tensor === tensor);
  if (ways.length < 2) return '';
  const all = (suffix: string) => `{${ways.map((edge) => `${inputOf(edge, context)}_${suffix}`).join(', ')}}`;
  return instance(
    'stream_fork',
    `${name}_fork`,
    { WAYS: ways.length },
    { i_valid: `${name}_valid`, o_ready: `${name}_ready`, o_valid: all('offered'), i_ready: all('room') },
  );
}

/** Logits, spikes and traces. */
function outputs(graph: Graph, streams: Stream[], context: Context): string {
  const bits = (tensor: string) => streamBits(tensor, context);
  const signed = (tensor: string) => isSigned(tensor, context);
  const value = ({ tensor, name }: Stream) => widened(`${name}_data`, bits(tensor), 32, signed(tensor));
  const logits = streams.at(-1)!;
  const passes = ({ name }: Stream) => `${name}_valid && ${name}_ready`;
  const firing = streams.filter(({ tensor }) => !signed(tensor));
  const width = spikeBits(graph);
  const spikes = firing.map((stream) => {
    const n = bits(stream.tensor);
    return `(${passes(stream)} ? ${widened(`${stream.name}_data`, n, width, false)} : ${width}'d0)`;
  });
  const traces = [...streams].reverse();
  const list = (items: string[]) => `{\n      ${items.join(',\n      ')}\n  }`;
  return `  // The logits
  assign o_valid = ${logits.name}_valid;
  assign ${logits.name}_ready = i_ready;
  assign o_data = ${value(logits)};

  reg ${range(width)}spikes_q;
  always @(posedge i_clk)
    spikes_q <= i_rst ? ${width}'d0 : ${spikes.join(' +\n        ') || `${width}'d0`};
  assign o_spikes = spikes_q;

  // Every tensor's values as they pass, the last tensor's first
  assign o_trace_valid = ${list(traces.map(passes))};
  assign o_trace_tensor = ${list(traces.map((_, at) => `16'd${traces.length - 1 - at}`))};
  assign o_trace_value = ${list(traces.map(value))};
`;
}
