/* Class probabilities for people and runners; the model itself ends in integer logits. */
#ifndef SPIKELET_SOFTMAX_H
#define SPIKELET_SOFTMAX_H

#include <stdint.h>

struct softmax {
  const int32_t *logits; /* [SPIKELET_CLASSES] */
  uint32_t best;         /* the first class with the largest logit */
  uint32_t sum;
};

struct softmax softmax_of(const int32_t *logits);

/*
 * Probability of a class in thousandths, accurate to one. That of `best` is rounded up, all others down, so
 * that the largest logit keeps the largest probability.
 */
uint32_t softmax_thousandths(const struct softmax *softmax, uint32_t class);

#endif
