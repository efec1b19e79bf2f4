import type { GraphNode, Op } from '../../models/graph.js';
import { levelsOf } from '../../models/ops/fire.js';
import { doneBy, entryOf, refuse } from '../../models/table.js';
import { product } from '../../models/tensor.js';
import { equationOf } from '../emit/equations.js';
import { temporaryOf } from '../emit/layout.js';
import { END, OPERAND } from '../emit/steps.js';
import { AROUND } from '../estimate/clocks.js';
import { accumulate } from './accumulate.js';
import { attend } from './attend.js';
import { fire } from './fire.js';
import type { SequentialOp, StreamingOp, VerilogOp } from './op.js';
import { pool } from './pool.js';

/** Every op of a Graph in Verilog. */
const verilogOps: { [O in Op]: VerilogOp<Extract<GraphNode, { op: O }>> } = {
  accumulate,
  fire,
  attend,
  pool,

  upsample: {
    sequential: {
      // First repeats columns, then whole rows.
      add(node, { graph, layout, program }, tensor) {
        const { factor, input, output } = node;
        const [rows, columns, channels] = graph.tensors[input]!.shape;
        const row = columns * factor * channels;
        const address = (name: string) => layout.address.get(name)!;
        const copy = { columns: factor, a_group: 1, operand: OPERAND.none, end: END.sum };
        const [between, comment] = [address(temporaryOf(node)), equationOf(node, graph)];
        program.steps.push(
          {
            comment: [...comment, 'the columns'],
            fields: {
              ...copy,
              ...{ rows: rows * columns, groups: channels, a_base: address(input), a_row: channels },
              output: between,
            },
          },
          {
            comment: [...comment, 'the rows'],
            fields: {
              ...copy,
              ...{ rows, groups: row, a_base: between, a_row: row },
              ...{ output: address(output), tensor },
            },
          },
        );
      },
      temporary: (node, graph) => ({
        words: product(graph.tensors[node.output]!.shape) / node.factor,
        hi: levelsOf(graph, node.output),
      }),
      clocks: (node, graph) => ({
        steps: 2,
        clocks: product(graph.tensors[node.output]!.shape) * (1 + 1 / node.factor) * (AROUND.window + 1),
      }),
    },
    streaming: refuse('upsampling', "use '--architecture sequential', which serves every op"),
  },
};

const opOf = (node: GraphNode): VerilogOp<GraphNode> => entryOf(verilogOps, node, 'Verilog');

/** A node's op on the sequential architecture; throws a SpikeletError if that has no core for it. */
export const sequentialOp = (node: GraphNode): SequentialOp<GraphNode> =>
  doneBy(opOf(node).sequential, node, 'the sequential architecture has no core for');

/** A node's op on the streaming architecture; throws a SpikeletError if that has no core for it. */
export const streamingOp = (node: GraphNode): StreamingOp<GraphNode> =>
  doneBy(opOf(node).streaming, node, 'the streaming architecture has no core for');
