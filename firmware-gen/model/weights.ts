import type { OutputFile } from '../../models/index.js';
import { cComment } from '../../models/text/c.js';
import { macroPrefix } from '../prefix.js';
import type { FirmwareConstants, ModelData } from './model.js';
import { uniqueIdentifiers } from './names.js';

/** Above this size, constants go to a binary file that the assembler includes, to spare the compiler. */
const MOST_PRINTED = 1 << 20;
const binaryOf = (prefix: string): string => `${prefix}-weights.bin`;

const bytesOf = { i8: 1, i16: 2, i32: 4, lanes: 4 };
const types = { i8: 'int8_t', i16: 'int16_t', i32: 'int32_t', lanes: 'uint32_t' };

/** Constants of the layers that have any, in order, as fields of one structure. */
const withConstants = (model: ModelData) => {
  const identifiers = uniqueIdentifiers(model.layers.map(({ name }) => name));
  return model.layers
    .map(({ name, constants }, index) => ({ name, constants, index, field: identifiers[index]! }))
    .filter(({ constants }) => constants.bytes.length > 0);
};

export const weightBytesOf = (model: ModelData): number =>
  model.layers.reduce((sum, { constants }) => sum + constants.bytes.length, 0);

/** The C expression for the start of a layer's constants, or for an offset into them. */
export function constantPlaces(model: ModelData): (layer: number, offset: number) => string {
  const fields = new Map(withConstants(model).map(({ index, field }) => [index, field]));
  return (layer, offset) => {
    const field = fields.get(layer);
    if (field === undefined) return '0';
    const array = model.layers[layer]!.constants.arrays.find((candidate) => candidate.offset === offset);
    const start = `${model.prefix}_weights.${field}`;
    return array ? `${start}[0].${array.name}` : start;
  };
}

/** The arrays of a block, each ending where the next one starts. */
const arraysOf = ({ arrays, blockBytes }: FirmwareConstants) =>
  arrays.map(({ name, type, offset }, i) => {
    const end = arrays[i + 1]?.offset ?? blockBytes;
    return { name, type, offset, bytes: end - offset, length: (end - offset) / bytesOf[type] };
  });

/** Prints spikelet-weights.h, and weights.c or, for large models, weights.S with a binary file. */
export function weightFiles(model: ModelData): OutputFile[] {
  const all = withConstants(model);
  const p = model.prefix;
  const P = macroPrefix(p);
  const header = `/* ${cComment(model.name)}: weights, thresholds and scales of each layer, tile by tile. Not part of the API. */
#ifndef ${P}_WEIGHTS_H
#define ${P}_WEIGHTS_H

#include <stdint.h>

struct ${p}_weights {
${all
  .map(
    ({ name, constants, field }) => `  struct { /* ${cComment(name)} */
${arraysOf(constants)
  .map(({ name: array, type, length }) => `    ${types[type]} ${array}[${length}];`)
  .join('\n')}
  } ${field}[${constants.tiles}];`,
  )
  .join('\n')}
};
extern const struct ${p}_weights ${p}_weights;

/* The layout matches the bytes. */
typedef char ${p}_weights_fit[sizeof(struct ${p}_weights) == ${weightBytesOf(model)} ? 1 : -1];

#endif
`;
  const files: OutputFile[] = [{ path: `${p}-weights.h`, contents: header }];
  if (weightBytesOf(model) > MOST_PRINTED) {
    const bytes = new Uint8Array(weightBytesOf(model));
    let at = 0;
    for (const { constants } of all) {
      bytes.set(constants.bytes, at);
      at += constants.bytes.length;
    }
    return [...files, { path: 'weights.S', contents: assembly(p) }, { path: binaryOf(p), contents: bytes }];
  }
  const values = all.map(({ constants, field }) => {
    const tiles = Array.from({ length: constants.tiles }, (_, tile) => printTile(constants, tile));
    return `  .${field} = {\n${tiles.join('\n')}\n  },`;
  });
  const source = `/* ${cComment(model.name)}: constants of the layers. Weights in lanes are four bytes per word, each w + 2^(bits - 1). */
#include "${p}-weights.h"

const struct ${p}_weights ${p}_weights = {
${values.join('\n')}
};
`;
  return [...files, { path: 'weights.c', contents: source }];
}

const assembly = (p: string): string => `/* Constants of the layers, as ${p}-weights.h declares them. */
  .section .rodata.${p}_weights, "a"
  .balign 16
  .globl ${p}_weights
${p}_weights:
  .incbin "${binaryOf(p)}"
`;

function printTile(constants: FirmwareConstants, tile: number): string {
  const { bytes, blockBytes } = constants;
  const view = new DataView(bytes.buffer, bytes.byteOffset + tile * blockBytes, blockBytes);
  const arrays = arraysOf(constants).map(({ name, type, offset, length }) => {
    const size = bytesOf[type];
    const read = {
      i8: (at: number) => String(view.getInt8(at)),
      i16: (at: number) => String(view.getInt16(at, true)),
      i32: (at: number) => int32(view.getInt32(at, true)),
      lanes: (at: number) => `0x${view.getUint32(at, true).toString(16)}`,
    }[type];
    const values = Array.from({ length }, (_, i) => read(offset + i * size));
    return `      .${name} = {\n${numberLines(values, 8)}\n      },`;
  });
  return `    {\n${arrays.join('\n')}\n    },`;
}

const int32 = (value: number): string => (value === -(2 ** 31) ? '-2147483647 - 1' : String(value));

/** Numbers in lines of about 110 characters. */
export function numberLines(values: string[], indent: number): string {
  const space = ' '.repeat(indent);
  const lines: string[] = [];
  let line = space;
  for (const value of values) {
    if (line.length + value.length > 108) {
      lines.push(line.trimEnd());
      line = space;
    }
    line += `${value}, `;
  }
  return [...lines, line.trimEnd()].join('\n');
}

/** The first and the last word of the weights: if both are present, so is everything in between. */
export function endsOf(model: ModelData): [first: number, last: number] {
  const all = withConstants(model);
  const word = (bytes: Uint8Array, at: number) =>
    new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(at, true);
  const [first, last] = [all[0]!.constants.bytes, all.at(-1)!.constants.bytes];
  return [word(first, 0), word(last, last.length - 4)];
}
