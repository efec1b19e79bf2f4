/*
 * For a host: what spikelet_infer() answers where it is called too often. Reads two images of pixels (i8)
 * from standard input and writes the logits of inferences in the order of main(). Layers are told by
 * spikelet_trace(), which stands for an interrupt in the midst of an inference.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spikelet.h"

static int8_t images[2][SPIKELET_INPUT_BYTES];
static enum { NOTHING, INFERS, ASKS, BRINGS } interrupt;
static uint8_t raw[SPIKELET_INPUT_BYTES];

static void must(int right, const char *what) {
  if (right) return;
  fprintf(stderr, "%s\n", what);
  exit(3);
}

void spikelet_trace(uint32_t layer, uint32_t row, uint32_t rows) {
  (void)row;
  (void)rows;
  if (layer != SPIKELET_LAYERS / 2) return;
  if (interrupt == INFERS) must(!spikelet_infer(), "an inference within another answers");
  if (interrupt == ASKS) spikelet_input();
  if (interrupt == BRINGS) spikelet_pixels(raw);
}

static void bring(int n) { memcpy(spikelet_input(), images[n], SPIKELET_INPUT_BYTES); }

static void tell(const int32_t *logits) {
  must(logits != 0, "an inference of a new image gives no logits");
  fwrite(logits, 4, SPIKELET_CLASSES, stdout);
}

int main(void) {
  must(!spikelet_init(), "init");
  must(fread(images, 1, sizeof images, stdin) == sizeof images, "images");
  must(!spikelet_infer(), "an inference before any image answers");
  bring(0);
  tell(spikelet_infer());
  must(!spikelet_infer(), "an inference of a used image answers");
  must(!spikelet_infer(), "and a third");
  bring(1);
  interrupt = INFERS;
  tell(spikelet_infer());
  must(!spikelet_infer(), "the image of an interrupted inference is there again");
  for (interrupt = ASKS; interrupt <= BRINGS; interrupt++) {
    bring(0);
    must(!spikelet_infer(), "an inference whose memory was written to answers");
    must(!spikelet_infer(), "so does the next, of an image that is gone");
  }
  interrupt = NOTHING;
  bring(0);
  tell(spikelet_infer());
  return 0;
}
