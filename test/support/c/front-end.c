/*
 * For a host: gives a model its raw signal from standard input, and writes the input (i8) and the logits of each image
 * that is due. AUDIO: pieces of samples, each behind its length (u32). SAMPLE: samples of all channels (i16). EVENT: x, y,
 * polarity, time (u32 each).
 */
#include <stdio.h>
#include <stdlib.h>

#include "spikelet.h"

#ifdef SPIKELET_CHECKED
void spikelet_trap(const char *layer) {
  fprintf(stderr, "trap in %s\n", layer);
  exit(3);
}
#endif

static void decide(void) {
  /* This says that an image comes, which came already. */
  fwrite(spikelet_input(), 1, SPIKELET_INPUT_BYTES, stdout);
  const int32_t *logits = spikelet_infer();
  if (!logits) exit(4);
  fwrite(logits, 4, SPIKELET_CLASSES, stdout);
}

int main(void) {
  const int problem = spikelet_init();
  if (problem) return problem;
#if defined AUDIO
  static int16_t samples[SPIKELET_AUDIO_MOST + 1];
  uint32_t n;
  if (spikelet_audio(samples, SPIKELET_AUDIO_MOST + 1) != -1) return 5;
  while (fread(&n, 4, 1, stdin) == 1) {
    /* Length 0: a new recording. */
    if (!n) spikelet_restart();
    if (fread(samples, 2, n, stdin) != n) return 6;
    if (spikelet_audio(samples, n)) decide();
  }
#elif defined SAMPLE
  int16_t sample[SPIKELET_SAMPLE_CHANNELS];
  while (fread(sample, sizeof sample, 1, stdin) == 1)
    if (spikelet_sample(sample)) decide();
#else
  uint32_t event[4];
  while (fread(event, sizeof event, 1, stdin) == 1) {
    int answer;
    do {
      answer = spikelet_event(event[0], event[1], event[2], event[3]);
      if (answer < 0) return 7;
      if (answer) decide();
    } while (answer == 2);
  }
#endif
  return 0;
}
