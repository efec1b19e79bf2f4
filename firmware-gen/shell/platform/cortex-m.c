/* Startup of every Cortex-M: vectors, memory, stack, reset. The serial port's interrupt is in the family's
   file. */
#include "../platform.h"
#include "cortex-m.h"
#include "receive.h"
#include "stack.h"

static void start(void) {
  prepare_memory();
  main();
  platform_reset();
}

/* After a fault nothing can be trusted: the core stays here, and the host finds the device silent. */
static void fault(void) {
  for (;;) __asm__ volatile("wfi" ::: "memory");
}

typedef union {
  void (*handler)(void);
  uint32_t *stack;
} vector;

/* Interrupts that are never enabled have no entry. */
extern const vector platform_vectors[];
__attribute__((section(".vectors"), used)) const vector platform_vectors[16 + PLATFORM_UART_IRQ + 1] = {
    [0] = {.stack = platform_stack_top},
    [1] = {.handler = start},
    [2] = {.handler = fault}, /* NMI */
    [3] = {.handler = fault}, /* hard fault; the finer faults of larger cores end here too */
    [15] = {.handler = platform_systick_interrupt},
    [16 + PLATFORM_UART_IRQ] = {.handler = platform_uart_interrupt},
};

/* Only platform/systick.c uses it. */
__attribute__((weak)) void platform_systick_interrupt(void) {}

/* With interrupts masked, a byte that arrives between the check and wfi still wakes the core. */
void platform_wait(void) {
  __asm__ volatile("cpsid i" ::: "memory");
  if (receive_is_empty()) __asm__ volatile("wfi" ::: "memory");
  __asm__ volatile("cpsie i" ::: "memory");
}

/* Weak: a family may have to reset more than the core. */
__attribute__((weak)) void platform_reset(void) {
  __asm__ volatile("dsb" ::: "memory");
  SCB_AIRCR = 0x05FA0004u;
  for (;;) __asm__ volatile("dsb" ::: "memory");
}

uint32_t platform_stack_used(void) { return painted_stack_used(); }

void platform_boot(uint32_t vector_table) {
  const uint32_t *table = (const uint32_t *)(uintptr_t)vector_table;
  __asm__ volatile("cpsid i" ::: "memory");
  NVIC_DISABLE(PLATFORM_UART_IRQ);
  NVIC_FORGET(PLATFORM_UART_IRQ);
  SYST_CTRL = 0;
  SCB_VTOR = vector_table;
  __asm__ volatile(
      "dsb\n isb\n"
      "msr msp, %0\n"
      "cpsie i\n"
      "bx %1\n"
      :
      : "r"(table[0]), "r"(table[1])
      : "memory");
  __builtin_unreachable();
}
