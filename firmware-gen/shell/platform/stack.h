/* The stack is painted before main(), so that its deepest use can be read afterwards. */
#ifndef SPIKELET_STACK_H
#define SPIKELET_STACK_H

#include <stdint.h>

extern uint32_t platform_stack_limit[], platform_stack_top[]; /* from the linker script */
extern uint32_t platform_data_start[], platform_data_end[], platform_bss_start[], platform_bss_end[];
extern const uint32_t platform_data_image[];

#define STACK_PAINT 0xC0FFEE5Cu

/* Initialises memory as C expects it, and paints the stack up to the caller's frame. Inlined, because its own
   frame would be painted over. */
static inline __attribute__((always_inline)) void prepare_memory(void) {
  uint32_t *here = __builtin_frame_address(0);
  for (volatile uint32_t *p = platform_stack_limit; p < here - 16; p++) *p = STACK_PAINT;
  const uint32_t *image = platform_data_image;
  for (volatile uint32_t *p = platform_data_start; p < platform_data_end; p++) *p = *image++;
  for (volatile uint32_t *p = platform_bss_start; p < platform_bss_end; p++) *p = 0;
}

static inline uint32_t painted_stack_used(void) {
  const uint32_t *p = platform_stack_limit;
  while (p < platform_stack_top && *p == STACK_PAINT) p++;
  return (uint32_t)((const uint8_t *)platform_stack_top - (const uint8_t *)p);
}

#endif
