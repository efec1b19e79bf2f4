/* Classifies frames from stdin: raw pixels u8, [row][column][channel], one frame after the other. */
#include <stdio.h>
#include "spikelet.h"

int main(void) {
  static uint8_t frame[SPIKELET_INPUT_BYTES];
  int count = 0;

  if (spikelet_init() != 0) {
    fprintf(stderr, "the model does not start\n");
    return 1;
  }
  while (fread(frame, 1, sizeof frame, stdin) == sizeof frame) {
    const int32_t *logits;
    int best = 0;
    int i;

    spikelet_pixels(frame);
    logits = spikelet_infer();
    if (logits == 0) return 1;
    for (i = 1; i < SPIKELET_CLASSES; i++)
      if (logits[i] > logits[best]) best = i;
    printf("frame %d: %s (logit %ld)\n", count++, spikelet_classes[best], (long)logits[best]);
  }
  return count ? 0 : 1;
}
