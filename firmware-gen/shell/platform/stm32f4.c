/*
 * STM32F4: a USART on two pins of a port, clocked by the internal 16 MHz oscillator, through the PLL if
 * board.h gives PLATFORM_PLL_N (VCO = 16 MHz / 16 * N, core = VCO / 2, APB1 = core / 4, APB2 = core / 2).
 */
#include "../platform.h"
#include "cortex-m.h"
#include "receive.h"
#if PLATFORM_PLL_N
#include "cycles.h"
#else
#include "systick.h"
#endif

#define RCC(offset) REGISTER(0x40023800u + (offset))
enum { RCC_CR = 0x00, RCC_PLLCFGR = 0x04, RCC_CFGR = 0x08, RCC_AHB1ENR = 0x30, RCC_APB1ENR = 0x40, RCC_APB2ENR = 0x44 };
#define FLASH_ACR REGISTER(0x40023C00u)

#define UART(offset) REGISTER(PLATFORM_UART_BASE + (offset))
enum { SR = 0x00, DR = 0x04, BRR = 0x08, CR1 = 0x0C };
enum { SR_RECEIVED = 1 << 5, SR_TX_EMPTY = 1 << 7, CR1_ENABLE_TX_RX = 0x200C, CR1_RX_INTERRUPT = 1 << 5 };

#define GPIO(offset) REGISTER(PLATFORM_GPIO_BASE + (offset))
enum { MODER = 0x00, AFR = 0x20 };

#if PLATFORM_PLL_N
/* First 5 flash wait states and caches, then the PLL, then the switch to it. */
static void start_pll(void) {
  FLASH_ACR = 0x705u;
  RCC(RCC_PLLCFGR) = 16u | PLATFORM_PLL_N << 6 | 4u << 24;
  RCC(RCC_CR) |= 1u << 24;
  while (!(RCC(RCC_CR) & 1u << 25)) {
  }
  RCC(RCC_CFGR) = 5u << 10 | 4u << 13 | 2u;
  while ((RCC(RCC_CFGR) & 0xCu) != 0x8u) {
  }
  cycles_start();
}
#endif

/* Alternate function 7 (USART1 to 3) on a pin. */
static void connect(uint32_t pin) {
  const uint32_t register_of_pin = AFR + 4u * (pin / 8u), shift = 4u * (pin % 8u);
  GPIO(register_of_pin) = (GPIO(register_of_pin) & ~(15u << shift)) | 7u << shift;
  GPIO(MODER) = (GPIO(MODER) & ~(3u << 2u * pin)) | 2u << 2u * pin;
}

void platform_init(void) {
#if PLATFORM_PLL_N
  start_pll();
#else
  systick_start();
#endif
  RCC(RCC_AHB1ENR) |= PLATFORM_GPIO_ENABLE;
  RCC(RCC_APB1ENR) |= PLATFORM_UART_APB1_ENABLE;
  RCC(RCC_APB2ENR) |= PLATFORM_UART_APB2_ENABLE;
  connect(PLATFORM_TX_PIN);
  connect(PLATFORM_RX_PIN);
  UART(BRR) = (PLATFORM_UART_CLOCK_HZ + PLATFORM_BAUD / 2u) / PLATFORM_BAUD;
  UART(CR1) = CR1_ENABLE_TX_RX | CR1_RX_INTERRUPT;
  NVIC_ENABLE(PLATFORM_UART_IRQ);
}

/* Reading the byte clears the interrupt, including an overrun. */
void platform_uart_interrupt(void) {
  while (UART(SR) & SR_RECEIVED) receive_put((uint8_t)UART(DR));
}

void platform_write(const uint8_t *bytes, uint32_t n) {
  for (; n; n--) {
    while (!(UART(SR) & SR_TX_EMPTY)) {
    }
    UART(DR) = *bytes++;
  }
}
