import type { RecordValue } from '../../wasm/node-record.js';

/** A compiled and planned model, as its C is printed. The host makes it (host/toolchain/model.ts). */
export type FirmwareModel = {
  name: string;
  /** What its names in C begin with (firmware-gen/prefix.ts). */
  prefix: string;
  /** CRC-32 of the graph's file: what the firmware computes. */
  graphCrc: number;
  /** WebAssembly of 32-bit integers with the names of its functions and values; exports `infer(model)`. */
  code: Uint8Array;
  /** What functions compute, line by line, by their names in `code`. */
  comments: ReadonlyMap<string, readonly string[]>;
  input: { rows: number; columns: number; channels: number };
  classes: readonly string[];
  /** What one unit of a logit is worth in the float network. */
  logitScale: number;
  /** What each raw pixel becomes, [channel][256]. */
  pixelTable: Int8Array;
  /** Bytes of tensors and working memory. */
  arenaBytes: number;
  /** Bytes of weights alone. */
  weightBytes: number;
  /** Offset of the input in the arena. */
  inputOffset: number;
  steps: readonly { node: number; row: number; rows: number }[];
  layers: readonly FirmwareLayer[];
};

/** All of it but its code. */
export type ModelData = Omit<FirmwareModel, 'code' | 'comments'>;

/** A node of the graph and its output. */
export type FirmwareLayer = {
  name: string;
  /** The record through which the code finds all of it. */
  record: readonly RecordValue[];
  constants: FirmwareConstants;
  /** The output: a ring of `ring` rows at `offset` in the arena, of the map's `height`. */
  output: {
    offset: number;
    ring: number;
    height: number;
    columns: number;
    channels: number;
    rowBytes: number;
    /** Bits of a value; 4: two counts to a byte, each place beginning at a byte. */
    bits: 4 | 8 | 16 | 32;
  };
  /** Layers whose outputs it reads; -1 is the input. */
  reads: readonly number[];
};

/** Constants of `tiles` blocks of `blockBytes`, each made of these arrays in order. */
export type FirmwareConstants = {
  bytes: Uint8Array;
  arrays: readonly { name: string; type: 'i8' | 'i16' | 'i32' | 'lanes'; offset: number }[];
  blockBytes: number;
  tiles: number;
};
