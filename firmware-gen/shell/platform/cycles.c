#include "cycles.h"

#include "../platform.h"
#include "cortex-m.h"

#define DEBUG_CONTROL REGISTER(0xE000EDFCu)
#define DWT_CTRL REGISTER(0xE0001000u)
#define DWT_CYCLES REGISTER(0xE0001004u)
#define DWT_LOCK REGISTER(0xE0001FB0u)

void cycles_start(void) {
  DEBUG_CONTROL |= 1u << 24; /* trace on */
  DWT_LOCK = 0xC5ACCE55u;    /* Cortex-M7 locks it; others ignore this */
  DWT_CYCLES = 0;
  DWT_CTRL |= 1;
}

uint32_t platform_ticks(void) { return DWT_CYCLES; }
