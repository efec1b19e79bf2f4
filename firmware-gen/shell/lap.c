#include "lap.h"

#include "platform.h"

#define TICKS_PER_MICROSECOND (PLATFORM_TICKS_PER_SECOND / 1000000u)
#if PLATFORM_TICKS_PER_SECOND % 1000000u
#error "the counter must count a whole number of ticks per microsecond"
#endif

struct lap lap_now(void) {
  static uint32_t before, seconds, ticks; /* the counter at the last call, and the total by then */
  const uint32_t counter = platform_ticks(), passed = counter - before;
  before = counter;
  seconds += passed / PLATFORM_TICKS_PER_SECOND;
  ticks += passed % PLATFORM_TICKS_PER_SECOND;
  if (ticks >= PLATFORM_TICKS_PER_SECOND) {
    ticks -= PLATFORM_TICKS_PER_SECOND;
    seconds++;
  }
  return (struct lap){seconds, ticks / TICKS_PER_MICROSECOND};
}
