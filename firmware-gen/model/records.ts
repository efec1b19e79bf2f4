import { modelFields, nodeFields } from '../../wasm/node-record.js';

/**
 * The record at the head of a model in C: the fields in WebAssembly, then the pixel table, which WebAssembly
 * finds by its description.
 */
export const headFields = [...modelFields, { name: 'pixel_table', pointer: true }] as const;

const fields = { node: nodeFields, model: headFields };

/** The field at a byte offset of a record; undefined if none starts there. */
export const nodeField = (
  record: 'node' | 'model',
  offset: number,
): { name: string; pointer: boolean } | undefined => fields[record][offset / 4];
