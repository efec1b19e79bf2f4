/**
 * The records through which a model's code finds its data, as assembly/node.ts declares them: words of 32 bits, in
 * order. Those that are addresses are pointers in C.
 */
export const nodeFields = [
  { name: 'layer', pointer: false },
  { name: 'y', pointer: true },
  { name: 'y_rows', pointer: false },
  { name: 'x', pointer: true },
  { name: 'x_rows', pointer: false },
  { name: 'x1', pointer: true },
  { name: 'x1_rows', pointer: false },
  { name: 'x2', pointer: true },
  { name: 'x2_rows', pointer: false },
  { name: 'scratch', pointer: true },
  { name: 'kept', pointer: true },
  { name: 'weights', pointer: true },
  { name: 'thresholds', pointer: true },
  { name: 'multiplier', pointer: true },
  { name: 'bias', pointer: true },
  { name: 'shift', pointer: false },
  { name: 'source', pointer: false },
] as const;

export const modelFields = [
  { name: 'steps', pointer: true },
  { name: 'steps_end', pointer: true },
  { name: 'nodes', pointer: true },
  { name: 'pixel_table', pointer: true },
] as const;

const fields = { node: nodeFields, model: modelFields };

/** The field at a byte offset of a record; undefined where none begins there. */
export const nodeField = (
  record: 'node' | 'model',
  offset: number,
): { name: string; pointer: boolean } | undefined => fields[record][offset / 4];

/** Something that lies at an address which only the linker knows, or a number. */
export type RecordValue = number | { arena: number } | { constants: number };
