import { definition, type Graph, type GraphTensor } from '../../models/graph.js';
import type { Attend } from '../../models/ops/attend.js';
import { levelsOf } from '../../models/ops/fire.js';
import { refuse } from '../../models/table.js';
import type { Datapath } from '../emit/datapaths.js';
import { shapeOf } from '../emit/equations.js';
import { temporaryOf } from '../emit/layout.js';
import { END, OPERAND, pushThresholds, type StepContext } from '../emit/steps.js';
import { AROUND, eventsOf } from '../estimate/clocks.js';
import type { VerilogOp } from './op.js';

export const attend: VerilogOp<Attend> = {
  sequential: {
    add,
    // k^T v, bounded by the maxima of its inputs at every position.
    temporary(node, graph, proof) {
      const [q, k, v] = node.inputs;
      const [rows, columns, channels] = graph.tensors[q]!.shape;
      const most = (name: string) => Math.max(...proof.tensors.get(name)!.hi);
      return {
        words: (channels * graph.tensors[v]!.shape[2]) / node.heads,
        hi: rows * columns * most(k) * most(v),
      };
    },
    clocks: (node, graph, { datapath }) => ({ steps: 2, clocks: attendClocks(node, graph, datapath) }),
    estimatedAs: 'attention',
  },
  streaming: refuse('attention', "use '--architecture sequential', which serves every op"),
};

function add(node: Attend, context: StepContext, tensor: number): void {
  const { graph, layout, program } = context;
  const [q, k, v] = node.inputs.map((name) => graph.tensors[name]!) as [
    GraphTensor,
    GraphTensor,
    GraphTensor,
  ];
  const [products, spikes] = definition(node).equation(node, graph);
  const [channels, wide] = [q.shape[2], v.shape[2]];
  const [d, e] = [channels / node.heads, wide / node.heads];
  const places = q.shape[0] * q.shape[1];
  const address = (name: string) => layout.address.get(name)!;
  program.events = Math.max(program.events, places, d);
  program.steps.push({
    comment: [`${node.name}: ${products}`, `${shapeOf(k)}, ${shapeOf(v)} -> [${node.heads}][${d}][${e}]`],
    fields: {
      rows: node.heads,
      columns: d,
      outputs: e,
      height: places,
      kernel_rows: places,
      a_base: address(node.inputs[1]),
      a_row: d,
      a_column: 1,
      a_kernel_row: channels,
      b_base: address(node.inputs[2]),
      b_row: e,
      b_block: 1,
      b_kernel_row: wide,
      output: address(temporaryOf(node)),
      operand: OPERAND.map,
      end: END.sum,
    },
  });
  const constants = program.constants.length;
  const levels = levelsOf(graph, node.output);
  pushThresholds(context, node.name, node.thresholds);
  program.steps.push({
    comment: [`${node.name}: ${spikes}`, `${shapeOf(q)} -> ${shapeOf(graph.tensors[node.output]!)}`],
    fields: {
      rows: places,
      columns: node.heads,
      outputs: e,
      depth: d,
      a_base: address(node.inputs[0]),
      a_row: channels,
      a_column: d,
      a_depth: 1,
      b_base: address(temporaryOf(node)),
      b_column: d * e,
      b_block: 1,
      b_depth: e,
      c_base: constants,
      output: address(node.output),
      operand: OPERAND.map,
      end: END.fire,
      levels,
      tensor,
    },
  });
}

/**
 * k^T v has one window of all positions for each channel; q (k^T v) has one of all channels of a head for
 * each position.
 */
function attendClocks(node: Attend, graph: Graph, datapath: Datapath): number {
  const [q, k, v] = node.inputs;
  const [rows, columns, channels] = graph.tensors[q]!.shape;
  const places = rows * columns;
  const each = graph.tensors[v]!.shape[2] / node.heads;
  const windows = channels + places * node.heads;
  const additions = channels * places * each * (eventsOf(k, graph, datapath) + eventsOf(q, graph, datapath));
  return windows * (AROUND.window + AROUND.block * each) + 2 * channels * places + additions;
}
