/* A timer that does not wrap, made of platform_ticks(): lap_now() must be called once before the counter's 2^32 ticks. */
#ifndef SPIKELET_LAP_H
#define SPIKELET_LAP_H

#include <stdint.h>

/* Time that was looked at, as seconds and microseconds beyond them. Zero is no particular moment. */
struct lap {
  uint32_t seconds, microseconds;
};

struct lap lap_now(void);

#endif
