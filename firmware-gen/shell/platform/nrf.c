/*
 * nRF51 and nRF52: the UART without DMA, the crystal oscillator for its baud rate. nRF52 counts cycles; nRF51
 * has no cycle counter and uses the timer that board.h names.
 */
#include "../platform.h"
#include "cortex-m.h"
#include "receive.h"
#if !PLATFORM_TIMER_BASE
#include "cycles.h"
#endif

#define CLOCK_START REGISTER(0x40000000u)
#define CLOCK_STARTED REGISTER(0x40000100u)
#define FLASH_CACHE REGISTER(0x4001E540u)

#define UART(offset) REGISTER(PLATFORM_UART_BASE + (offset))
enum { START_RX = 0x000, START_TX = 0x008, RECEIVED = 0x108, SENT = 0x11C, INTERRUPTS = 0x304, ENABLE = 0x500 };
enum { TX_PIN = 0x50C, RX_PIN = 0x514, RX_DATA = 0x518, TX_DATA = 0x51C, BAUD_RATE = 0x524 };

#if PLATFORM_TIMER_BASE
#define TIMER(offset) REGISTER(PLATFORM_TIMER_BASE + (offset))
enum { TIMER_START = 0x000, TIMER_CAPTURE = 0x040, TIMER_BITS = 0x508, TIMER_PRESCALER = 0x510, TIMER_VALUE = 0x540 };

static void start_counter(void) {
  TIMER(TIMER_BITS) = 3; /* 32 */
  TIMER(TIMER_PRESCALER) = 0;
  TIMER(TIMER_START) = 1;
}

uint32_t platform_ticks(void) {
  TIMER(TIMER_CAPTURE) = 1;
  return TIMER(TIMER_VALUE);
}
#else
static void start_counter(void) {
  FLASH_CACHE = 1;
  cycles_start();
}
#endif

void platform_init(void) {
  start_counter();
#if PLATFORM_CRYSTAL
  CLOCK_START = 1;
  while (!CLOCK_STARTED) {
  }
#endif
  UART(TX_PIN) = PLATFORM_TX_PIN;
  UART(RX_PIN) = PLATFORM_RX_PIN;
  /* The rate in 2^32 / 16 MHz, in steps of 4096. */
  UART(BAUD_RATE) = (uint32_t)(((uint64_t)PLATFORM_BAUD << 32) / 16000000u + 0x800u) & ~0xFFFu;
  UART(ENABLE) = 4;
  UART(INTERRUPTS) = 1u << 2; /* a byte received */
  UART(START_RX) = 1;
  UART(START_TX) = 1;
  NVIC_ENABLE(PLATFORM_UART_IRQ);
}

/* Clear the event before reading the byte, because the FIFO's next byte sets it again. */
void platform_uart_interrupt(void) {
  while (UART(RECEIVED)) {
    UART(RECEIVED) = 0;
    receive_put((uint8_t)UART(RX_DATA));
  }
}

void platform_write(const uint8_t *bytes, uint32_t n) {
  for (; n; n--) {
    UART(SENT) = 0;
    UART(TX_DATA) = *bytes++;
    while (!UART(SENT)) {
    }
  }
}
