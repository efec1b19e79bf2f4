import type { Pool } from '../../models/ops/pool.js';
import { product } from '../../models/tensor.js';
import { addressBits } from '../emit/constants.js';
import { equationOf } from '../emit/equations.js';
import { END, OPERAND, type StepContext } from '../emit/steps.js';
import { type Context, isSigned, type Layer, streamBits, windowOf } from '../emit/streaming/layers.js';
import { windowNeeds } from '../emit/streaming/needs.js';
import { instance } from '../emit/streaming/text.js';
import { AROUND } from '../estimate/clocks.js';
import type { VerilogOp } from './op.js';

export const pool: VerilogOp<Pool> = {
  sequential: {
    add,
    clocks: (node, graph) => ({
      steps: 1,
      clocks: product(graph.tensors[node.output]!.shape) * (AROUND.window + product(node.kernel)),
    }),
  },
  streaming: { layer, needs: (node, graph) => windowNeeds({ ...node, padding: [0, 0] }, graph) },
};

function add(node: Pool, { graph, layout, program }: StepContext, tensor: number): void {
  const [height, width, channels] = graph.tensors[node.input]!.shape;
  const [rows, columns] = graph.tensors[node.output]!.shape;
  program.steps.push({
    comment: equationOf(node, graph),
    fields: {
      rows,
      columns,
      groups: channels,
      height,
      width,
      kernel_rows: node.kernel[0],
      kernel_columns: node.kernel[1],
      row_stride: node.stride[0],
      column_stride: node.stride[1],
      a_base: layout.address.get(node.input)!,
      a_row: node.stride[0] * width * channels,
      a_column: node.stride[1] * channels,
      a_group: 1,
      a_kernel_row: width * channels,
      a_kernel_column: channels,
      output: layout.address.get(node.output)!,
      operand: OPERAND.none,
      end: END.sum,
      tensor,
    },
  });
}

function layer(node: Pool, context: Context): Layer {
  const { graph, id } = context;
  const name = id(node.name);
  const [height, width, channels] = graph.tensors[node.input]!.shape;
  const whole = node.kernel[0] === height && node.kernel[1] === width;
  const value = {
    VALUE: streamBits(node.input, context),
    SIGNED: Number(isSigned(node.input, context)),
    SUM: streamBits(node.output, context),
  };
  const out = { o_valid: `${name}_valid`, i_ready: `${name}_ready`, o_sum: `${name}_data` };
  if (whole) {
    const ports = { i_valid: `${name}_in_valid`, o_ready: `${name}_in_ready`, i_value: `${name}_in_data` };
    const sizes = { CHANNELS: channels, PLACES: height * width };
    return {
      source: instance('map_sum', `${name}_sum`, { ...value, ...sizes }, { ...ports, ...out }),
      files: [],
    };
  }
  const window = { ...node, padding: [0, 0] as [number, number], groups: channels };
  const tap = addressBits(product(node.kernel));
  const source =
    windowOf(node, window, { pack: 1, tap, unit: 1 }, context) +
    instance('window_sum', `${name}_sum`, value, {
      i_valid: `${name}_word_valid`,
      o_ready: `${name}_word_ready`,
      i_value: `${name}_word_data`,
      i_last: `${name}_last`,
      ...out,
    }) +
    `  wire ${name}_unused = &{1'b0, ${name}_tap};\n`;
  return { source, files: [] };
}
