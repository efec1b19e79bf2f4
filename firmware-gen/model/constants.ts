import { ascii } from '../../models/ascii.js';
import { cCharacters, cComment } from '../../models/text/c.js';
import { NODE_BYTES, nodeFields, type RecordValue, STEP_BYTES } from '../../wasm/node-record.js';
import { macroPrefix } from '../prefix.js';
import type { ModelData } from './model.js';
import { headFields } from './records.js';
import { constantPlaces, endsOf, numberLines } from './weights.js';

/** Bytes of a struct spikelet_layer and of struct model. */
const LAYER = 32;
const MODEL = 4 * headFields.length;

/** Bytes of constants.c on a machine with 32-bit addresses. */
export function constantBytesOf({ layers, steps, pixelTable }: ModelData): number {
  const names = layers.reduce((sum, { name }) => sum + ascii(name).length + 1, 0);
  return layers.length * (LAYER + NODE_BYTES) + steps.length * STEP_BYTES + MODEL + pixelTable.length + names;
}

/** Prints constants.c: the table of layers, the plan's steps and all addresses. */
export function constantsCode(model: ModelData): string {
  const { layers, steps, pixelTable, prefix: p } = model;
  const P = macroPrefix(p);
  const placeOf = constantPlaces(model);
  const arena = (offset: number) => `ARENA(${offset})`;
  const value = (field: RecordValue, layer: number): string => {
    if (typeof field === 'number') return String(field);
    return 'arena' in field ? arena(field.arena) : placeOf(layer, field.constants);
  };
  let nameOffset = 0;
  const names = layers.map(({ name }) => {
    const offset = nameOffset;
    nameOffset += ascii(name).length + 1;
    return { offset, text: ascii(name) };
  });
  const inputs = (reads: readonly number[]) => [0, 1, 2].map((i) => reads[i] ?? -2).join(', ');
  const [first, last] = endsOf(model);
  return `/* ${cComment(model.name)}: the plan. */
#include "${p}-model.h"
#include "${p}-weights.h"

#define ARENA(offset) ((uint8_t *)${p}_arena + (offset))

/* The network's value for each raw pixel, [channel][256]. */
const int8_t ${p}_pixel_table[${P}_INPUT_CHANNELS * 256] = {
${numberLines([...pixelTable].map(String), 2)}
};

/* Each step: layer, first row, number of rows. */
const struct step ${p}_steps[${steps.length}] = {
${numberLines(
  steps.map(({ node, row, rows }) => `{${node}, ${row}, ${rows}}`),
  2,
)}
};

const struct node ${p}_nodes[${P}_LAYERS] = {
${layers
  .map(
    ({ name, record }, layer) => `  { /* ${cComment(name)} */
${numberLines(
  record.map((field, i) => `.${nodeFields[i]!.name} = ${value(field, layer)}`),
  4,
)}
  },`,
  )
  .join('\n')}
};

const struct model ${p}_model = {
  ${p}_steps,
  ${p}_steps + ${steps.length},
  ${p}_nodes,
  ${p}_pixel_table,
};

static const char names[${nameOffset}] = {
${names.map(({ text }) => `  ${cCharacters(text)}, 0,`).join('\n')}
};

const struct ${p}_layer ${p}_layers[${P}_LAYERS] = {
${layers
  .map(({ output, constants, reads }, i) => {
    const { offset, rowBytes, ring, height, columns, channels, bits } = output;
    const numbers = [rowBytes, constants.bytes.length, ring, height, columns, channels, bits].join(', ');
    return `  {names + ${names[i]!.offset}, ${arena(offset)}, ${numbers}, {${inputs(reads)}}},`;
  })
  .join('\n')}
};

int ${p}_weights_present(void) {
  const volatile uint32_t *words = (const volatile uint32_t *)(const void *)&${p}_weights;
  return words[0] == 0x${first.toString(16)}u && words[sizeof ${p}_weights / 4 - 1] == 0x${last.toString(16)}u;
}
`;
}
