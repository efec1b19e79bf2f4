/* SysTick has 24 bits and counts down; an interrupt at each wrap extends it to 32. */
#include "systick.h"

#include "../platform.h"
#include "cortex-m.h"

enum { ENABLE = 1, INTERRUPT = 2, CORE_CLOCK = 4 };

static volatile uint32_t wraps;

void systick_start(void) {
  SYST_LOAD = 0xFFFFFFu;
  SYST_VALUE = 0;
  SYST_CTRL = ENABLE | INTERRUPT | CORE_CLOCK;
}

void platform_systick_interrupt(void) { wraps = wraps + 1; }

uint32_t platform_ticks(void) {
  uint32_t before, value;
  do {
    before = wraps;
    value = SYST_VALUE;
  } while (before != wraps);
  return (before << 24) + (0xFFFFFFu - value);
}
