/* Received bytes between the interrupt and platform_read(). */
#ifndef SPIKELET_RECEIVE_H
#define SPIKELET_RECEIVE_H

#include <stdint.h>

/* A power of two; fits the link's largest frame twice. */
#define PLATFORM_RECEIVE_BYTES 2048u

/* Called by the interrupt. A byte is lost if the buffer is full, as on the wire; the link then repeats the
   frame. */
void receive_put(uint8_t byte);

/* Whether platform_read() would return -1. */
int receive_is_empty(void);

#endif
