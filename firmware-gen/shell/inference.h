/* The model's image and its results. Every protocol goes through here. */
#ifndef SPIKELET_INFERENCE_H
#define SPIKELET_INFERENCE_H

#include <stdint.h>

#include "spikelet.h"

/* What inference_run() records about every tensor; 0 costs no time. */
#define NOTE_TICKS 1u
#define NOTE_VALUES 2u /* CRC and counts; the time for this is not included in any ticks */

/* A tensor in the last inference. Entry 0 is the input, entry n the output of layer n - 1. */
struct note {
  uint32_t ticks;  /* of the layer that wrote it */
  uint32_t crc;    /* CRC-32 of its values: rows in order, counts in bytes, wider values low byte first */
  uint32_t spikes; /* sum of its counts; meaningless for other kinds of tensor */
  uint32_t active; /* number of nonzero values */
};
extern struct note inference_notes[SPIKELET_LAYERS + 1];

extern struct inference {
  const int32_t *logits; /* [SPIKELET_CLASSES]; 0: none since the last pixels arrived */
  uint32_t ticks;        /* from the image in memory to its logits */
  uint32_t noted;        /* what inference_notes holds */
} inference;

/*
 * Puts pixels (i8, as the network sees them) into the image. They come in order; earlier ones may be
 * repeated, and offset 0 starts a new image. -1: they leave a gap, or are outside the image.
 */
int inference_put(uint32_t offset, const uint8_t *pixels, uint32_t n);

/* Puts a whole image of raw pixels 0..255. */
void inference_put_raw(const uint8_t *raw);

/* Computes the logits and consumes the image. -1: the image is incomplete, or the model is in use. */
int inference_run(uint32_t notes);

#endif
