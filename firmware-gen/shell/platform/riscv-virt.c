/* QEMU's RISC-V machine `virt`: ns16550 UART through the PLIC, counter of retired instructions, machine mode
   only. */
#include "../platform.h"
#include "receive.h"
#include "stack.h"

#define WORD(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define UART(offset) (*(volatile uint8_t *)(uintptr_t)(PLATFORM_UART_BASE + (offset)))
enum { UART_DATA = 0, UART_INTERRUPTS = 1, UART_FIFO = 2, UART_LINE = 3, UART_STATE = 5 };
enum { STATE_RECEIVED = 1, STATE_TX_EMPTY = 0x20, LINE_DIVISOR = 0x80, LINE_8N1 = 3 };

#define PLIC_PRIORITY WORD(PLATFORM_PLIC_BASE + 4u * PLATFORM_UART_IRQ)
#define PLIC_ENABLE WORD(PLATFORM_PLIC_BASE + 0x2000u)
#define PLIC_THRESHOLD WORD(PLATFORM_PLIC_BASE + 0x200000u)
#define PLIC_CLAIM WORD(PLATFORM_PLIC_BASE + 0x200004u)

#define CAUSE_EXTERNAL 0x8000000Bu
#define MIE_EXTERNAL (1u << 11)
#define MSTATUS_MIE (1u << 3)

static void start(void) __attribute__((used));
static void start(void) {
  prepare_memory();
  main();
  platform_reset();
}

/* The first instruction; there is no stack yet. */
__attribute__((naked, section(".vectors"), used)) void platform_start(void) {
  __asm__ volatile(
      "la sp, platform_stack_top\n"
      "j %0\n"
      :
      : "i"(start));
}

__attribute__((interrupt("machine"), aligned(4))) static void trap(void) {
  uint32_t cause;
  __asm__ volatile("csrr %0, mcause" : "=r"(cause));
  /* After a fault nothing can be trusted: the core stays here, and the host finds the device silent. */
  while (cause != CAUSE_EXTERNAL) __asm__ volatile("wfi" ::: "memory");
  const uint32_t source = PLIC_CLAIM;
  while (UART(UART_STATE) & STATE_RECEIVED) receive_put(UART(UART_DATA));
  PLIC_CLAIM = source;
}

void platform_init(void) {
  UART(UART_LINE) = LINE_DIVISOR;
  UART(UART_DATA) = (uint8_t)(PLATFORM_CLOCK_HZ / (16u * PLATFORM_BAUD));
  UART(UART_INTERRUPTS) = 0;
  UART(UART_LINE) = LINE_8N1;
  UART(UART_FIFO) = 1;
  UART(UART_INTERRUPTS) = 1;
  PLIC_PRIORITY = 1;
  PLIC_ENABLE = 1u << PLATFORM_UART_IRQ;
  PLIC_THRESHOLD = 0;
  __asm__ volatile("csrw mtvec, %0" ::"r"(trap));
  __asm__ volatile("csrs mie, %0" ::"r"(MIE_EXTERNAL));
  __asm__ volatile("csrs mstatus, %0" ::"r"(MSTATUS_MIE) : "memory");
}

void platform_write(const uint8_t *bytes, uint32_t n) {
  for (; n; n--) {
    while (!(UART(UART_STATE) & STATE_TX_EMPTY)) {
    }
    UART(UART_DATA) = *bytes++;
  }
}

uint32_t platform_ticks(void) {
  uint32_t count;
  __asm__ volatile("csrr %0, minstret" : "=r"(count)::"memory");
  return count;
}

/* With interrupts masked, a byte that arrives between the check and wfi still wakes the core. */
void platform_wait(void) {
  __asm__ volatile("csrc mstatus, %0" ::"r"(MSTATUS_MIE) : "memory");
  if (receive_is_empty()) __asm__ volatile("wfi" ::: "memory");
  __asm__ volatile("csrs mstatus, %0" ::"r"(MSTATUS_MIE) : "memory");
}

void platform_reset(void) {
  WORD(PLATFORM_RESET_BASE) = 0x7777;
  for (;;) {
  }
}

uint32_t platform_stack_used(void) { return painted_stack_used(); }

void platform_boot(uint32_t vector_table) {
  __asm__ volatile("csrc mstatus, %0" ::"r"(MSTATUS_MIE) : "memory");
  PLIC_ENABLE = 0;
  __asm__ volatile("fence.i" ::: "memory");
  ((void (*)(void))(uintptr_t)vector_table)();
  for (;;) {
  }
}
