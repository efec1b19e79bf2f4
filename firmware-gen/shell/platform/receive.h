/* Received bytes between the interrupt and platform_read(): one writer, one reader, no locks. */
#ifndef SPIKELET_RECEIVE_H
#define SPIKELET_RECEIVE_H

#include <stdint.h>

/* A power of two, room for the largest frame of the link twice. */
#define PLATFORM_RECEIVE_BYTES 2048u

static volatile uint8_t received[PLATFORM_RECEIVE_BYTES];
static volatile uint32_t received_in;  /* bytes ever put; the interrupt's */
static volatile uint32_t received_out; /* bytes ever taken; the reader's */

/* From the interrupt. A byte for which there is no room is lost, as on the wire: the link sends it again. */
static inline void receive_put(uint8_t byte) {
  if (received_in - received_out == PLATFORM_RECEIVE_BYTES) return;
  received[received_in % PLATFORM_RECEIVE_BYTES] = byte;
  received_in = received_in + 1;
}

static inline int receive_take(void) {
  if (received_in == received_out) return -1;
  const int byte = received[received_out % PLATFORM_RECEIVE_BYTES];
  received_out = received_out + 1;
  return byte;
}

#endif
