import { modelFields, nodeFields } from '../../wasm/node-record.js';

/** The record at the head of a model in C: that of WebAssembly, then the pixel table, which wasm finds by its description. */
export const headFields = [...modelFields, { name: 'pixel_table', pointer: true }] as const;

const fields = { node: nodeFields, model: headFields };

/** The field at a byte offset of a record; undefined where none begins there. */
export const nodeField = (
  record: 'node' | 'model',
  offset: number,
): { name: string; pointer: boolean } | undefined => fields[record][offset / 4];
