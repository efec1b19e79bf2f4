import { SpikeletError } from '../error.js';
import type { Shape, Tensor } from '../tensor.js';
import {
  checkFrontEnd,
  type FrontEnd,
  type FrontEndStructure,
  frontEndShape,
  frontEndTables,
} from './index.js';

/**
 * How a Net and a Graph keep their front end in a file: the parameters in the JSON, each table as a tensor of
 * i32.
 */
const tensorOf = (table: string): string => `frontEnd.${table}`;

type With = { frontEnd?: FrontEnd };
type Structure = { frontEnd?: FrontEndStructure };

/** A model's structure for the JSON. */
export function withoutTables<S extends With>({ frontEnd, ...others }: S): Omit<S, 'frontEnd'> & Structure {
  if (!frontEnd) return others;
  const { tables: _, ...structure } = frontEnd;
  return { ...others, frontEnd: structure };
}

/** The tensors of a model's front end. */
export const frontEndTensors = ({ frontEnd }: With): Map<string, Tensor> =>
  new Map(
    Object.entries(frontEnd?.tables ?? {}).map(([table, data]) => [
      tensorOf(table),
      { shape: [data.length], data },
    ]),
  );

/**
 * A file's model with the tables of its front end, if it has one, and the tensors that are not its own.
 * Throws a SpikeletError where a table is missing; whether the tables are right is requireFrontEnd()'s.
 */
export function takeFrontEnd<S extends Structure>(
  { frontEnd: structure, ...rest }: S,
  tensors: Map<string, Tensor>,
): { model: Omit<S, 'frontEnd'> & With; tensors: Map<string, Tensor> } {
  if (!structure) return { model: rest, tensors };
  const others = new Map(tensors);
  const tables: FrontEnd['tables'] = {};
  for (const name of Object.keys(frontEndTables(structure))) {
    const data = tensors.get(tensorOf(name))?.data;
    if (!(data instanceof Int32Array))
      throw new SpikeletError(`the front end's table '${tensorOf(name)}' is missing or not I32`, {
        hint: 'the file is damaged',
      });
    tables[name] = data;
    others.delete(tensorOf(name));
  }
  const frontEnd = { ...structure, tables } as FrontEnd;
  return { model: { ...rest, frontEnd }, tensors: others };
}

/**
 * Throws a SpikeletError unless a model's front end is proven and gives images of the model's input shape.
 */
export function requireFrontEnd({ frontEnd }: With, input: Shape): void {
  if (!frontEnd) return;
  checkFrontEnd(frontEnd);
  const shape = frontEndShape(frontEnd);
  if (String(shape) !== String(input))
    throw new SpikeletError(
      `the front end '${frontEnd.kind}' gives images [${shape.join(', ')}], the input is [${input.join(', ')}]`,
    );
}
