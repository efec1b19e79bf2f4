/* A timer that does not wrap, based on platform_ticks(): call lap_now() at least once per 2^32 ticks. */
#ifndef SPIKELET_LAP_H
#define SPIKELET_LAP_H

#include <stdint.h>

/* A point in time, as seconds and microseconds beyond them. Zero is arbitrary. */
struct lap {
  uint32_t seconds, microseconds;
};

struct lap lap_now(void);

#endif
