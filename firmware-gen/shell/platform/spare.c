/* The linker script puts the stack at the start of the RAM, followed by all variables. */
#include "../platform.h"
#include "stack.h"

uint8_t *platform_spare(uint32_t *bytes) {
  uint8_t *const start = (uint8_t *)platform_bss_end;
  *bytes = PLATFORM_RAM_BASE + PLATFORM_RAM_BYTES - (uint32_t)(uintptr_t)start;
  return start;
}
