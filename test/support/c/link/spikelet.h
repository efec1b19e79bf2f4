/*
 * A model that is not a network, for the link's tests on a host: two layers of 6 values, and three logits;
 * the last says how often it was run since the start.
 */
#ifndef SPIKELET_H
#define SPIKELET_H

#include <stdint.h>

#define SPIKELET_MODEL "a model of the tests"
#define SPIKELET_MODEL_CRC 0x12345678u
#define SPIKELET_INPUT_BYTES 48
#define SPIKELET_CLASSES 3
#define SPIKELET_LOGITS_PER_OCTAVE 5u
#define SPIKELET_LAYERS 2
#define SPIKELET_ARENA_BYTES 96

struct spikelet_layer {
  const char *name;
  const void *rows;
  uint32_t row_bytes;
  uint16_t ring, height, columns, channels;
  uint8_t bits;
};
extern const struct spikelet_layer spikelet_layers[SPIKELET_LAYERS];

int spikelet_init(void);
int8_t *spikelet_input(void);
void spikelet_pixels(const uint8_t *raw);
const int32_t *spikelet_infer(void);
void spikelet_trace(uint32_t layer, uint32_t row, uint32_t rows);

#endif
