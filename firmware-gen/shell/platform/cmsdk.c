/* Arm's CMSDK peripherals (MPS2 boards): APB UART and APB timer, both of which QEMU emulates. */
#include "../platform.h"
#include "cortex-m.h"
#include "receive.h"

#define UART_DATA REGISTER(PLATFORM_UART_BASE + 0x00u)
#define UART_STATE REGISTER(PLATFORM_UART_BASE + 0x04u)
#define UART_CTRL REGISTER(PLATFORM_UART_BASE + 0x08u)
#define UART_INTERRUPT REGISTER(PLATFORM_UART_BASE + 0x0Cu)
#define UART_DIVISOR REGISTER(PLATFORM_UART_BASE + 0x10u)
enum { STATE_TX_FULL = 1, STATE_RX_FULL = 2, CTRL_TX = 1, CTRL_RX = 2, CTRL_RX_INTERRUPT = 8, RX_INTERRUPT = 2 };

#define TIMER_CTRL REGISTER(PLATFORM_TIMER_BASE + 0x00u)
#define TIMER_VALUE REGISTER(PLATFORM_TIMER_BASE + 0x04u)
#define TIMER_RELOAD REGISTER(PLATFORM_TIMER_BASE + 0x08u)

void platform_init(void) {
  TIMER_RELOAD = 0xFFFFFFFFu;
  TIMER_VALUE = 0xFFFFFFFFu;
  TIMER_CTRL = 1;
  UART_DIVISOR = PLATFORM_CLOCK_HZ / PLATFORM_BAUD;
  UART_CTRL = CTRL_TX | CTRL_RX | CTRL_RX_INTERRUPT;
  /* Drops old data. QEMU checks for new bytes only after a read, or up to a second later. */
  (void)UART_DATA;
  NVIC_ENABLE(PLATFORM_UART_IRQ);
}

void platform_uart_interrupt(void) {
  UART_INTERRUPT = RX_INTERRUPT;
  while (UART_STATE & STATE_RX_FULL) receive_put((uint8_t)UART_DATA);
}

void platform_write(const uint8_t *bytes, uint32_t n) {
  for (; n; n--) {
    while (UART_STATE & STATE_TX_FULL) {
    }
    UART_DATA = *bytes++;
  }
}

uint32_t platform_ticks(void) { return ~TIMER_VALUE; }
