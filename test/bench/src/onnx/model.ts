import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

/** Element types of ONNX, by the arrays that hold them. */
const elementTypes = { float: 1, uint8: 2, int8: 3, int32: 6, int64: 7 };

export type ElementType = keyof typeof elementTypes;

type Values = Float32Array | Uint8Array | Int8Array | Int32Array | BigInt64Array;

export type Attributes = Record<string, number | number[]>;

type Port = { name: string; type: ElementType; shape: number[] };

const IR_VERSION = 8;
const OPSET = 17;

const schema = fileURLToPath(new URL('../../onnx.proto', import.meta.url));
const modelType = new protobuf.Root().loadSync(schema, { keepCase: true }).lookupType('onnx.Model');

/** Collects the nodes and constants of an ONNX model, in order of execution; every value has one name. */
export class ModelBuilder {
  readonly #nodes: object[] = [];
  readonly #constants = new Map<string, object>();
  #count = 0;

  /** Adds a node with one output and returns the output's name. */
  add(op: string, inputs: string[], attributes: Attributes = {}): string {
    const output = `${op}_${this.#count++}`;
    const attribute = Object.entries(attributes).map(([name, value]) =>
      typeof value === 'number' ? { name, i: value, type: 2 } : { name, ints: value, type: 7 },
    );
    this.#nodes.push({ op_type: op, name: output, input: inputs, output: [output], attribute });
    return output;
  }

  /** Adds a constant, or uses an equal one again. */
  constant(name: string, type: ElementType, dims: number[], data: Values): string {
    const raw_data = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    if (!this.#constants.has(name))
      this.#constants.set(name, { name, dims, data_type: elementTypes[type], raw_data });
    return name;
  }

  /** The constant that a scalar is. */
  scalar(type: 'float' | 'uint8', value: number): string {
    const data = type === 'float' ? Float32Array.of(value) : Uint8Array.of(value);
    return this.constant(`${type}_${value}`, type, [], data);
  }

  /** The constant that a shape is. */
  shape(dims: number[]): string {
    return this.constant(`shape_${dims.join('x')}`, 'int64', [dims.length], BigInt64Array.from(dims, BigInt));
  }

  /** The model's bytes. `result` is the value that becomes the output. */
  finish(name: string, input: Port, result: string, output: Port): Uint8Array {
    this.#nodes.push({ op_type: 'Identity', name: output.name, input: [result], output: [output.name] });
    const message = {
      ir_version: IR_VERSION,
      producer_name: 'spikelet-bench',
      opset_import: [{ domain: '', version: OPSET }],
      graph: {
        name,
        node: this.#nodes,
        initializer: [...this.#constants.values()],
        input: [portInfo(input)],
        output: [portInfo(output)],
      },
    };
    return modelType.encode(message).finish();
  }
}

const portInfo = ({ name, type, shape }: Port) => ({
  name,
  type: {
    tensor_type: { elem_type: elementTypes[type], shape: { dim: shape.map((d) => ({ dim_value: d })) } },
  },
});

/** The op of every node of a model. */
export function opsOf(bytes: Uint8Array): string[] {
  const { graph } = modelType.decode(bytes) as unknown as { graph: { node: { op_type: string }[] } };
  return graph.node.map(({ op_type }) => op_type);
}
