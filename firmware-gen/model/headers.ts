import { ascii } from '../../models/ascii.js';
import { NODE_BYTES, nodeFields, STEP_BYTES } from '../../wasm/node-record.js';
import type { ModelData } from './model.js';
import { commentText } from './names.js';
import { headFields } from './records.js';

const text = (value: string): string => JSON.stringify(ascii(value));
const hex = (value: number): string => `0x${(value >>> 0).toString(16).padStart(8, '0')}u`;

/** Bytes of a row of weights.c or weights.S, and of everything else that is constant. */
export type ConstantBytes = { weights: number; constants: number };

/** Units of a logit in a factor of 2 of its softmax; 31 bits, so that twice as many fit a word. */
const octaveOf = (scale: number): number => Math.min(Math.max(Math.round(Math.LN2 / scale), 1), 2 ** 31 - 1);

/** Prints spikelet.h: sizes as constants, and the whole API. */
export function apiHeader(model: ModelData, bytes: ConstantBytes): string {
  const { rows, columns, channels } = model.input;
  const numbers: [name: string, value: string, comment?: string][] = [
    ['SPIKELET_MODEL', text(model.name)],
    ['SPIKELET_MODEL_CRC', hex(model.graphCrc), 'CRC-32 of the graph file that this computes'],
    ['SPIKELET_INPUT_ROWS', `${rows}`],
    ['SPIKELET_INPUT_COLUMNS', `${columns}`],
    ['SPIKELET_INPUT_CHANNELS', `${channels}`],
    ['SPIKELET_INPUT_BYTES', `${rows * columns * channels}`],
    ['SPIKELET_CLASSES', `${model.classes.length}`],
    [
      'SPIKELET_LOGITS_PER_OCTAVE',
      `${octaveOf(model.logitScale)}u`,
      'a logit smaller by so many halves its probability',
    ],
    ['SPIKELET_LAYERS', `${model.layers.length}`],
    ['SPIKELET_ARENA_BYTES', `${model.arenaBytes}`, 'RAM of the model: tensors and working memory'],
    ['SPIKELET_WEIGHT_BYTES', `${bytes.weights}`, 'weights with their thresholds and scales'],
    ['SPIKELET_CONSTANT_BYTES', `${bytes.constants}`, 'all other constants'],
  ];
  return `/*
 * ${commentText(model.name)}, a spiking network in integers: ${rows} x ${columns} x ${channels} pixels to ${model.classes.length} logits.
 *
 *   if (spikelet_init() != 0) stop();
 *   spikelet_pixels(image);
 *   const int32_t *logits = spikelet_infer();
 *
 * Needs a little-endian machine of 32-bit addresses and nothing else: no heap, no floating point, no library.
 */
#ifndef SPIKELET_H
#define SPIKELET_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

${numbers.map(([name, value, comment]) => `#define ${name} ${value}${comment ? ` /* ${comment} */` : ''}`).join('\n')}

/* What spikelet_init() answers where it is not 0. */
#define SPIKELET_BIG_ENDIAN 1
#define SPIKELET_NO_WEIGHTS 2 /* the weights are not where they were linked */

/* To be called once. 0: all is well. */
int spikelet_init(void);

/* Where the pixels of the next image go: i8 as the network sees them, [row][column][channel]. */
int8_t *spikelet_input(void);

/* Fills the input from SPIKELET_INPUT_BYTES raw pixels 0..255, [row][column][channel]. */
void spikelet_pixels(const uint8_t *raw);

/* Logits [SPIKELET_CLASSES] of the image in the input, which is gone afterwards. They last until the next image. */
const int32_t *spikelet_infer(void);

/* Names of the classes, in the order of the logits. */
extern const char *const spikelet_classes[SPIKELET_CLASSES];

/*
 * A layer's output, [row][column][channel]. Row r lies at rows + (r % ring) * row_bytes, from the moment it is written
 * until another takes its place: see spikelet_trace().
 */
struct spikelet_layer {
  const char *name;
  const void *rows;
  uint32_t row_bytes;
  uint32_t constant_bytes; /* of its weights, thresholds and scales */
  uint16_t ring, height, columns, channels;
  uint8_t bits;     /* of a value; 4: two counts to a byte, lower channel in the lower half, each place at a byte */
  int16_t input[3]; /* layers that it reads; -1: the pixels, -2: none */
};
extern const struct spikelet_layer spikelet_layers[SPIKELET_LAYERS];

#ifdef SPIKELET_TRACE
/* Yours: rows row .. row + rows of a layer's output were just written. */
void spikelet_trace(uint32_t layer, uint32_t row, uint32_t rows);
#endif

#ifdef SPIKELET_CHECKED
/* Yours: this layer was about to read or write what it may not. Must not return. */
void spikelet_trap(const char *layer);
#endif

#ifdef __cplusplus
}
#endif

#endif
`;
}

const fieldLines = (fields: readonly { name: string; pointer: boolean }[]) =>
  fields.map(({ name, pointer }) => `  ${pointer ? 'const void *' : 'uint32_t '}${name};`).join('\n');

/** Prints spikelet-model.h: what model.c and constants.c share. */
export function recordsHeader(model: ModelData): string {
  const steps = model.steps.length;
  return `/* ${commentText(model.name)}: what the code of the model reads. Not part of the API. */
#ifndef SPIKELET_MODEL_H
#define SPIKELET_MODEL_H

#include "spikelet.h"

#define SPIKELET_INPUT_OFFSET ${model.inputOffset}

/* A layer computes rows row .. row + rows of its output. */
struct step {
  uint16_t node, row, rows;
};

/* Where a layer finds its tensors, each a ring of rows, and its constants. */
struct node {
${fieldLines(nodeFields)}
};

struct model {
${fieldLines(headFields)}
};

extern uint32_t spikelet_arena[(SPIKELET_ARENA_BYTES + 3) / 4];
extern const int8_t spikelet_pixel_table[SPIKELET_INPUT_CHANNELS * 256];
extern const struct step spikelet_steps[${steps}];
extern const struct node spikelet_nodes[SPIKELET_LAYERS];
extern const struct model spikelet_model;

/* Whether the weights are in place. */
int spikelet_weights_present(void);

/* The layouts above are those that the code was compiled for. */
typedef char spikelet_records_fit[sizeof(struct step) == ${STEP_BYTES} && sizeof(struct node) == ${NODE_BYTES} && sizeof(void *) == 4 ? 1 : -1];

#endif
`;
}
