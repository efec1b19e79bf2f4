#include "softmax.h"

#include "spikelet.h"

/* 1 and the products of roots below are in units of 2^-16. */
#define ONE_BITS 16u

/*
 * 2^(-below / SPIKELET_LOGITS_PER_OCTAVE): shifted by the whole halvings, times a root of one half for each
 * binary digit of the fraction. Less than 2^-16 becomes 0.
 */
static uint32_t odds(uint32_t below) {
  static const uint16_t roots[ONE_BITS] = {46341, 55109, 60097, 62757, 64132, 64830, 65182, 65359,
                                           65447, 65492, 65514, 65525, 65530, 65533, 65535, 65535};
  const uint32_t halvings = below / SPIKELET_LOGITS_PER_OCTAVE;
  uint32_t rest = below % SPIKELET_LOGITS_PER_OCTAVE;
  if (halvings > ONE_BITS) return 0;
  uint32_t product = 1u << ONE_BITS;
  for (uint32_t digit = 0; digit < ONE_BITS; digit++) {
    rest *= 2;
    if (rest < SPIKELET_LOGITS_PER_OCTAVE) continue;
    rest -= SPIKELET_LOGITS_PER_OCTAVE;
    product = (product * roots[digit]) >> ONE_BITS;
  }
  return product >> halvings;
}

static uint32_t odds_of(const struct softmax *softmax, uint32_t class) {
  return odds((uint32_t)softmax->logits[softmax->best] - (uint32_t)softmax->logits[class]);
}

struct softmax softmax_of(const int32_t *logits) {
  struct softmax softmax = {logits, 0, 0};
  for (uint32_t i = 1; i < SPIKELET_CLASSES; i++)
    if (logits[i] > logits[softmax.best]) softmax.best = i;
  for (uint32_t i = 0; i < SPIKELET_CLASSES; i++) softmax.sum += odds_of(&softmax, i);
  return softmax;
}

/* The sum of 2^15 classes still fits. If the best class has all the thousandths, the others get none. */
uint32_t softmax_thousandths(const struct softmax *softmax, uint32_t class) {
  const uint32_t thousandths = 1000u * odds_of(softmax, class) / softmax->sum;
  return thousandths + (class == softmax->best && thousandths < 1000u);
}
