/* The image that the model has, and what it made of it. Every protocol goes through here. */
#ifndef SPIKELET_INFERENCE_H
#define SPIKELET_INFERENCE_H

#include <stdint.h>

#include "spikelet.h"

/* What inference_run() is to note of every tensor; nothing costs nothing. */
#define NOTE_TICKS 1u
#define NOTE_VALUES 2u /* CRC and counts; the time that takes is not part of any ticks */

/* Of a tensor in the last inference. Entry 0 is the input, entry n the output of layer n - 1. */
struct note {
  uint32_t ticks;  /* of the layer that wrote it */
  uint32_t crc;    /* CRC-32 of its values: rows in order, counts in bytes, wider values low byte first */
  uint32_t spikes; /* sum of its counts; of what is no counts it means nothing */
  uint32_t active; /* values that are not 0 */
};
extern struct note inference_notes[SPIKELET_LAYERS + 1];

extern struct inference {
  const int32_t *logits; /* [SPIKELET_CLASSES]; 0: none since the last pixels came */
  uint32_t ticks;        /* from the image in place to its logits */
  uint32_t noted;        /* what inference_notes holds */
} inference;

/*
 * Puts pixels (i8, as the network sees them) into the image. They come in order; those that came may come again, and
 * offset 0 begins another image. -1: they leave a gap, or lie outside of the image.
 */
int inference_put(uint32_t offset, const uint8_t *pixels, uint32_t n);

/* Puts a whole image of raw pixels 0..255. */
void inference_put_raw(const uint8_t *raw);

/* Computes the logits and uses up the image. -1: not all of it has come, or somebody else uses the model. */
int inference_run(uint32_t notes);

#endif
