import type { FrontEndLayer } from '../../wasm/front-end.js';
import type { RecordValue } from '../../wasm/node-record.js';

/** A compiled and planned model to print as C. Made by host/toolchain/model.ts. */
export type FirmwareModel = {
  name: string;
  /** Prefix of its names in C (firmware-gen/prefix.ts). */
  prefix: string;
  /** CRC-32 of the graph file that the firmware computes. */
  graphCrc: number;
  /** WebAssembly of 32-bit integers, with names of functions and values; exports `infer(model)`. */
  code: Uint8Array;
  /** Comment lines for functions, by their names in `code`. */
  comments: ReadonlyMap<string, readonly string[]>;
  input: { rows: number; columns: number; channels: number };
  classes: readonly string[];
  /** Value of one logit unit in the float network. */
  logitScale: number;
  /** The network's value for each raw pixel, [channel][256]. */
  pixelTable: Int8Array;
  /** Bytes of tensors and working memory. */
  arenaBytes: number;
  /** Bytes of the weights only. */
  weightBytes: number;
  /** Offset of the input in the arena. */
  inputOffset: number;
  /** What makes images of a raw signal. */
  frontEnd?: FrontEndLayer;
  steps: readonly { node: number; row: number; rows: number }[];
  layers: readonly FirmwareLayer[];
};

/** All of it except its code. */
export type ModelData = Omit<FirmwareModel, 'code' | 'comments'>;

/** A node of the graph and its output. */
export type FirmwareLayer = {
  name: string;
  /** The record that the code reads. */
  record: readonly RecordValue[];
  constants: FirmwareConstants;
  /** The output: a ring of `ring` of the map's `height` rows, at `offset` in the arena. */
  output: {
    offset: number;
    ring: number;
    height: number;
    columns: number;
    channels: number;
    rowBytes: number;
    /** Bits per value; 4: two counts per byte, each position starting a new byte. */
    bits: 4 | 8 | 16 | 32;
  };
  /** Layers whose outputs it reads; -1 is the input. */
  reads: readonly number[];
};

/** Constants in `tiles` blocks of `blockBytes`, each with these arrays in order. */
export type FirmwareConstants = {
  bytes: Uint8Array;
  arrays: readonly { name: string; type: 'i8' | 'i16' | 'i32' | 'lanes'; offset: number }[];
  blockBytes: number;
  tiles: number;
};
