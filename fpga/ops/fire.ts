import { type Fire, levelsOf } from '../../models/ops/fire.js';
import { product } from '../../models/tensor.js';
import { equationOf } from '../emit/equations.js';
import { END, OPERAND, pushThresholds, type StepContext } from '../emit/steps.js';
import { type Context, isSigned, type Layer, streamBits, thresholdsOf } from '../emit/streaming/layers.js';
import { samePlace } from '../emit/streaming/needs.js';
import { AROUND, comparisons } from '../estimate/clocks.js';
import type { VerilogOp } from './op.js';

export const fire: VerilogOp<Fire> = {
  sequential: {
    add,
    clocks(node, graph) {
      const outputs = product(graph.tensors[node.output]!.shape);
      return {
        steps: 1,
        clocks: Math.max(AROUND.pass * outputs, comparisons(node.output, graph) + outputs),
      };
    },
  },
  streaming: {
    layer,
    needs: samePlace,
    comparators: (node, graph, _proof, bits) => levelsOf(graph, node.output) * bits(node.input),
  },
};

function add(node: Fire, context: StepContext, tensor: number): void {
  const { graph, layout, program } = context;
  const { shape } = graph.tensors[node.input]!;
  const [rows, columns, groups] = shape;
  const levels = levelsOf(graph, node.output);
  const constants = program.constants.length;
  const shared = graph.data.get(node.thresholds)!.length === levels;
  pushThresholds(context, node.name, node.thresholds);
  program.steps.push({
    comment: equationOf(node, graph),
    fields: {
      // If all share one row of thresholds, positions and channels need no distinction.
      ...(shared ? { groups: rows * columns * groups } : { rows, columns, groups }),
      a_base: layout.address.get(node.input)!,
      a_row: columns * groups,
      a_column: groups,
      a_group: 1,
      c_base: constants,
      c_step: shared ? 0 : levels,
      output: layout.address.get(node.output)!,
      operand: OPERAND.pass,
      end: END.fire,
      levels,
      tensor,
    },
  });
}

function layer(node: Fire, context: Context): Layer {
  const from = `${context.id(node.name)}_in`;
  return thresholdsOf(
    node,
    node.thresholds,
    { from, signed: isSigned(node.input, context), bits: streamBits(node.input, context) },
    context,
  );
}
