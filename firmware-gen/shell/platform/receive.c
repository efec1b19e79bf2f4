/* A ring buffer with one writer, the interrupt, and one reader, so it needs no locks. */
#include "receive.h"

#include "../platform.h"

static volatile uint8_t received[PLATFORM_RECEIVE_BYTES];
static volatile uint32_t received_in;  /* total bytes put; written by the interrupt */
static volatile uint32_t received_out; /* total bytes taken; written by the reader */

void receive_put(uint8_t byte) {
  if (received_in - received_out == PLATFORM_RECEIVE_BYTES) return;
  received[received_in % PLATFORM_RECEIVE_BYTES] = byte;
  received_in = received_in + 1;
}

int receive_is_empty(void) { return received_in == received_out; }

int platform_peek(uint32_t ahead) {
  if (ahead >= PLATFORM_RECEIVE_BYTES) return -2;
  if (ahead >= received_in - received_out) return -1;
  return received[(received_out + ahead) % PLATFORM_RECEIVE_BYTES];
}

int platform_read(void) {
  if (receive_is_empty()) return -1;
  const int byte = received[received_out % PLATFORM_RECEIVE_BYTES];
  received_out = received_out + 1;
  return byte;
}
