/*
 * Requests to a board over the link (link.h); host/device/board-link.ts is the host's side. Numbers in
 * payloads are u32 unless noted; a string is its length (u8) and its bytes.
 */
#ifndef SPIKELET_REQUESTS_H
#define SPIKELET_REQUESTS_H

#include "link.h"

enum request {
  /*
   * Answer: LINK_PAYLOAD, result of spikelet_init(), CRC of the graph, bytes of the input, classes, layers,
   * supported notes, ticks per second, count of PLATFORM_COUNT_MEANS (count, per ticks), RAM of the board, of
   * the model, of the stack; strings: board, model, what is counted.
   */
  REQUEST_HELLO = LINK_HELLO,
  REQUEST_INPUT,  /* offset, pixels i8: see inference_put() */
  REQUEST_INFER,  /* notes: see inference_run(). Answer: ticks, then as LOGITS from 0 */
  REQUEST_LOGITS, /* first. Answer: at most LOGITS_PAGE logits, i32, from there */
  REQUEST_NOTES,  /* first. Answer: at most NOTES_PAGE struct note from there; 0 is the input */
  REQUEST_MEMORY, /* Answer: most bytes of stack used since the start */
  REQUEST_RESET,  /* answered, then done */
};
#define LOGITS_PAGE 64u
#define NOTES_PAGE 16u

/* Sets the result of spikelet_init(), before any request. */
void requests_begin(int problem);

#endif
