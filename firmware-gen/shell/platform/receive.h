/* Received bytes between the interrupt and platform_read(). */
#ifndef SPIKELET_RECEIVE_H
#define SPIKELET_RECEIVE_H

#include <stdint.h>

/* A power of two, room for the largest frame of the link twice. */
#define PLATFORM_RECEIVE_BYTES 2048u

/* From the interrupt. A byte for which there is no room is lost, as on the wire: the link sends it again. */
void receive_put(uint8_t byte);

/* Whether platform_read() would find nothing. */
int receive_is_empty(void);

#endif
