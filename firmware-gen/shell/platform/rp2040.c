/* RP2040: clocks from the crystal, UART0 (a PL011) on GP0 and GP1. */
#include "../platform.h"
#include "cortex-m.h"
#include "receive.h"
#include "systick.h"

/* Writing to the alias at 0x3000 clears the bits that are set in the value. */
#define CLEAR(address, bits) (REGISTER((address) + 0x3000u) = (bits))

#define RESETS 0x4000C000u
#define RESETS_DONE REGISTER(RESETS + 8u)
enum { RESET_IO = 1u << 5, RESET_PADS = 1u << 8, RESET_PLL = 1u << 12, RESET_UART0 = 1u << 22 };

#define CLK_REF_CTRL REGISTER(0x40008030u)
#define CLK_REF_SELECTED REGISTER(0x40008038u)
#define CLK_SYS_CTRL REGISTER(0x4000803Cu)
#define CLK_SYS_SELECTED REGISTER(0x40008044u)
#define CLK_PERI_CTRL REGISTER(0x40008048u)
#define XOSC_CTRL REGISTER(0x40024000u)
#define XOSC_STATUS REGISTER(0x40024004u)
#define XOSC_STARTUP REGISTER(0x4002400Cu)
#define PLL_CS REGISTER(0x40028000u)
#define PLL_POWER 0x40028004u
#define PLL_FEEDBACK REGISTER(0x40028008u)
#define PLL_POST REGISTER(0x4002800Cu)
#define GPIO_CTRL(pin) REGISTER(0x40014004u + 8u * (pin))
#define PSM_WDSEL REGISTER(0x40010008u)
#define WATCHDOG_CTRL REGISTER(0x40058000u)

#define UART(offset) REGISTER(PLATFORM_UART_BASE + (offset))
enum { DR = 0x00, FR = 0x18, IBRD = 0x24, FBRD = 0x28, LCR = 0x2C, CR = 0x30, IMSC = 0x38 };
enum { FR_RX_EMPTY = 1 << 4, FR_TX_FULL = 1 << 5, LCR_8BIT_FIFO = 0x70, CR_ENABLE_TX_RX = 0x301 };
enum { INTERRUPT_RX = 1 << 4, INTERRUPT_RX_TIMEOUT = 1 << 6 };

static void leave_reset(uint32_t bits) {
  CLEAR(RESETS, bits);
  while ((RESETS_DONE & bits) != bits) {
  }
}

/* 12 MHz crystal; 12 MHz * 125 / (6 * 2) = 125 MHz. */
static void start_clocks(void) {
  XOSC_STARTUP = 47;
  XOSC_CTRL = 0xFABAA0u;
  while (!(XOSC_STATUS >> 31)) {
  }
  CLK_REF_CTRL = 2;
  while (!(CLK_REF_SELECTED & 4u)) {
  }
  leave_reset(RESET_PLL);
  PLL_CS = 1;
  PLL_FEEDBACK = 125;
  CLEAR(PLL_POWER, 0x21u); /* core and oscillator on */
  while (!(PLL_CS >> 31)) {
  }
  PLL_POST = 6u << 16 | 2u << 12;
  CLEAR(PLL_POWER, 0x08u); /* post dividers on */
  CLK_SYS_CTRL = 1;
  while (!(CLK_SYS_SELECTED & 2u)) {
  }
  CLK_PERI_CTRL = 1u << 11;
}

void platform_init(void) {
  start_clocks();
  leave_reset(RESET_IO | RESET_PADS | RESET_UART0);
  GPIO_CTRL(0) = 2;
  GPIO_CTRL(1) = 2;
  /* The divider has six bits of fraction: (clock / 16 / baud) * 64, rounded. */
  const uint32_t divider = (PLATFORM_CLOCK_HZ * 8u / PLATFORM_BAUD + 1u) / 2u;
  UART(IBRD) = divider >> 6;
  UART(FBRD) = divider & 63u;
  UART(LCR) = LCR_8BIT_FIFO;
  UART(CR) = CR_ENABLE_TX_RX;
  UART(IMSC) = INTERRUPT_RX | INTERRUPT_RX_TIMEOUT;
  NVIC_ENABLE(PLATFORM_UART_IRQ);
  systick_start();
}

/* Reading the last byte clears the interrupt. */
void platform_uart_interrupt(void) {
  while (!(UART(FR) & FR_RX_EMPTY)) receive_put((uint8_t)UART(DR));
}

void platform_write(const uint8_t *bytes, uint32_t n) {
  for (; n; n--) {
    while (UART(FR) & FR_TX_FULL) {
    }
    UART(DR) = *bytes++;
  }
}

/* Resets everything except the oscillators, so that the boot ROM starts as after power-on. */
void platform_reset(void) {
  PSM_WDSEL = 0x1FFFCu;
  WATCHDOG_CTRL = 1u << 31;
  for (;;) {
  }
}
