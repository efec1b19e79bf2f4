import { ascii } from '../../models/ascii.js';
import { cComment, cString } from '../../models/text/c.js';
import { NODE_BYTES, nodeFields, STEP_BYTES } from '../../wasm/node-record.js';
import { macroPrefix } from '../prefix.js';
import { frontEndMacros, frontEndPrototypes, frontEndRecords } from './front-end.js';
import type { ModelData } from './model.js';
import { headFields } from './records.js';

const hex = (value: number): string => `0x${(value >>> 0).toString(16).padStart(8, '0')}u`;

/** Bytes of weights.c or weights.S, and of all other constants. */
export type ConstantBytes = { weights: number; constants: number };

/** Logit units per factor of 2 in the softmax; 31 bits, so that twice the value fits a word. */
const octaveOf = (scale: number): number => Math.min(Math.max(Math.round(Math.LN2 / scale), 1), 2 ** 31 - 1);

/** Sizes of a model as macros, without their prefix. */
function sizesOf(model: ModelData, bytes: ConstantBytes): [name: string, value: string, comment?: string][] {
  const { rows, columns, channels } = model.input;
  const halving = 'a logit smaller by this halves its probability';
  return [
    ['MODEL', cString(ascii(model.name))],
    ['MODEL_CRC', hex(model.graphCrc), 'CRC-32 of the graph file'],
    ['INPUT_ROWS', `${rows}`],
    ['INPUT_COLUMNS', `${columns}`],
    ['INPUT_CHANNELS', `${channels}`],
    ['INPUT_BYTES', `${rows * columns * channels}`],
    ['CLASSES', `${model.classes.length}`],
    ['LOGITS_PER_OCTAVE', `${octaveOf(model.logitScale)}u`, halving],
    ['LAYERS', `${model.layers.length}`],
    ['ARENA_BYTES', `${model.arenaBytes}`, 'RAM of the model: tensors and working memory'],
    ['WEIGHT_BYTES', `${bytes.weights}`, 'weights with their thresholds and scales'],
    ['CONSTANT_BYTES', `${bytes.constants}`, 'all other constants'],
    ...frontEndMacros(model),
  ];
}

/** Prints spikelet.h: sizes as constants, and the whole API. */
export function apiHeader(model: ModelData, bytes: ConstantBytes): string {
  const { rows, columns, channels } = model.input;
  const p = model.prefix;
  const P = macroPrefix(p);
  const macros = sizesOf(model, bytes).map(
    ([name, value, comment]) => `#define ${P}_${name} ${value}${comment ? ` /* ${comment} */` : ''}`,
  );
  return `/*
 * ${cComment(model.name)}, a spiking network in integers: ${rows} x ${columns} x ${channels} pixels to ${model.classes.length} logits.
 *
 *   if (${p}_init() != 0) stop();
 *   ${p}_pixels(image);
 *   const int32_t *logits = ${p}_infer();
 *
 * Needs only a little-endian machine with 32-bit addresses: no heap, no floating point, no library. One inference at a
 * time: interrupts may call it too, but other cores and threads need a lock.
 */
#ifndef ${P}_H
#define ${P}_H

#include <stdint.h>

#if defined(UINTPTR_MAX) && UINTPTR_MAX != 0xFFFFFFFF
#error "${p} needs a machine with 32-bit addresses: an Arm Cortex-M, RISC-V RV32 or ESP32, not an AVR or a 64-bit computer"
#endif

#ifdef __cplusplus
extern "C" {
#endif

${macros.join('\n')}

${declarations(p, P)}${frontEndPrototypes(model)}#ifdef __cplusplus
}
#endif

#endif
`;
}

/**
 * The functions and types of the API, of which some are the user's. `p` and `P`: the prefix, as of names and
 * of macros.
 */
const declarations = (p: string, P: string): string => `/* Errors of ${p}_init(). */
#define ${P}_BIG_ENDIAN 1
#define ${P}_NO_WEIGHTS 2 /* the weights are not at their linked address */

/* Call once. 0: success. */
int ${p}_init(void);

/*
 * Buffer for the pixels of the next image: i8 as the network sees them, [row][column][channel]. Call it for
 * each image, because it marks the image as given. Calling it during an inference spoils that one, which then
 * returns 0.
 */
int8_t *${p}_input(void);

/* Fills ${p}_input() from ${P}_INPUT_BYTES raw pixels 0..255, [row][column][channel]. */
void ${p}_pixels(const uint8_t *raw);

/*
 * Logits [${P}_CLASSES] of the image in the input, which is overwritten. They are valid until the next image.
 * 0: no image was given since the last inference, or this was called while an inference runs (by an
 * interrupt), or an image was given while this one ran.
 */
const int32_t *${p}_infer(void);

/* Names of the classes in UTF-8, in the order of the logits. Linked only into programs that use them. */
extern const char *const ${p}_classes[${P}_CLASSES];

/*
 * A layer's output, [row][column][channel]. Row r is at rows + (r % ring) * row_bytes, from when it is
 * written until another row replaces it: see ${p}_trace().
 */
struct ${p}_layer {
  const char *name;
  const void *rows;
  uint32_t row_bytes;
  uint32_t constant_bytes; /* of its weights, thresholds and scales */
  uint16_t ring, height, columns, channels;
  uint8_t bits;     /* per value; 4: two counts per byte, lower channel in the lower half; positions are byte-aligned */
  int16_t input[3]; /* layers that it reads; -1: the pixels, -2: unused */
};
extern const struct ${p}_layer ${p}_layers[${P}_LAYERS];

#ifdef ${P}_TRACE
/* Implement this: rows row .. row + rows of a layer's output were just written. */
void ${p}_trace(uint32_t layer, uint32_t row, uint32_t rows);
#endif

#ifdef ${P}_CHECKED
/* Implement this: the layer was about to access memory out of bounds. Must not return. */
void ${p}_trap(const char *layer);
#endif

`;

const fieldLines = (fields: readonly { name: string; pointer: boolean }[]) =>
  fields.map(({ name, pointer }) => `  ${pointer ? 'const void *' : 'uint32_t '}${name};`).join('\n');

/** Prints spikelet-model.h, which model.c and constants.c share. */
export function recordsHeader(model: ModelData): string {
  const steps = model.steps.length;
  const p = model.prefix;
  const P = macroPrefix(p);
  return `/* ${cComment(model.name)}: tables that the model's code reads. Not part of the API. */
#ifndef ${P}_MODEL_H
#define ${P}_MODEL_H

#include "${p}.h"

#define ${P}_INPUT_OFFSET ${model.inputOffset}

/* A layer computes rows row .. row + rows of its output. */
struct step {
  uint16_t node, row, rows;
};

/* Addresses of a layer's tensors, each a ring of rows, and of its constants. */
struct node {
${fieldLines(nodeFields)}
};

struct model {
${fieldLines(headFields)}
};

extern uint32_t ${p}_arena[(${P}_ARENA_BYTES + 3) / 4];
extern const int8_t ${p}_pixel_table[${P}_INPUT_CHANNELS * 256];
extern const struct step ${p}_steps[${steps}];
extern const struct node ${p}_nodes[${P}_LAYERS];
extern const struct model ${p}_model;

${frontEndRecords(model).slice(1)}${model.frontEnd ? '\n' : ''}/* Whether the weights are in place. */
int ${p}_weights_present(void);

/* Checks the layouts that the code was compiled for. If addresses are longer, ${p}.h has already reported
   it. */
#if !defined(UINTPTR_MAX) || UINTPTR_MAX == 0xFFFFFFFF
typedef char ${p}_records_fit[sizeof(struct step) == ${STEP_BYTES} && sizeof(struct node) == ${NODE_BYTES} && sizeof(void *) == 4 ? 1 : -1];
#endif

#endif
`;
}
