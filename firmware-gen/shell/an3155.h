/*
 * ST's serial bootloader protocol (application note AN3155), so that any of its clients can program the slot
 * `incoming`. To clients the slot looks like the flash of an STM32H743: device 0x450, at 0x08000000, pages of
 * 128 KiB.
 */
#ifndef SPIKELET_AN3155_H
#define SPIKELET_AN3155_H

#include <stdint.h>

/* Waits up to `milliseconds` for a client's first byte, and answers it. 0: none came. */
int an3155_called(uint32_t milliseconds);

/* Serves a client until it starts the program that it sent (returns 1) or is silent for `seconds` (returns
   0). */
int an3155_serve(uint32_t seconds);

#endif
