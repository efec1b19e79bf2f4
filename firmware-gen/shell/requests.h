/*
 * What the host may ask of a board over the link (link.h); host/device/board-link.ts is the twin. Numbers of payloads
 * are u32 where nothing else is said; a string is its length u8 and its bytes.
 */
#ifndef SPIKELET_REQUESTS_H
#define SPIKELET_REQUESTS_H

#include "link.h"

enum request {
  /*
   * Answer: LINK_PAYLOAD, what spikelet_init() said, CRC of the graph, bytes of the input, classes, layers, notes that it
   * can take, ticks a second, count of PLATFORM_COUNT_MEANS (count, per ticks), RAM of the board, of the model, of the
   * stack; strings: board, model, what is counted.
   */
  REQUEST_HELLO = LINK_HELLO,
  REQUEST_INPUT,  /* offset, pixels i8: see inference_put() */
  REQUEST_INFER,  /* notes: see inference_run(). Answer: ticks, then as LOGITS from 0 */
  REQUEST_LOGITS, /* first. Answer: logits i32 from there, LOGITS_PAGE of them at most */
  REQUEST_NOTES,  /* first. Answer: struct note from there, NOTES_PAGE of them at most; 0 is the input */
  REQUEST_MEMORY, /* Answer: most bytes of stack used since the start */
  REQUEST_RESET,  /* answered, then done */
};
#define LOGITS_PAGE 64u
#define NOTES_PAGE 16u

/* What spikelet_init() said, before anything is asked. */
void requests_begin(int problem);

#endif
