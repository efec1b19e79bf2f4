import type { GraphNode, Op } from '../../models/graph.js';
import { doneBy, entryOf } from '../../models/table.js';
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
};

const opOf = (node: GraphNode): VerilogOp<GraphNode> => entryOf(verilogOps, node, 'Verilog');

/** A node on the sequential architecture; throws a SpikeletError where that has no core for it. */
export const sequentialOp = (node: GraphNode): SequentialOp<GraphNode> =>
  doneBy(opOf(node).sequential, node, 'the sequential architecture');

/** A node on the streaming architecture; throws a SpikeletError where that has no core for it. */
export const streamingOp = (node: GraphNode): StreamingOp<GraphNode> =>
  doneBy(opOf(node).streaming, node, 'the streaming architecture');
