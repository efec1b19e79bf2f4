/* STM32H7: a USART on two pins of a port; everything clocked by the internal 64 MHz oscillator; instruction
   cache on. */
#include "../platform.h"
#include "cortex-m.h"
#include "cycles.h"
#include "receive.h"

#define RCC(offset) REGISTER(0x58024400u + (offset))
enum { RCC_AHB4ENR = 0xE0, RCC_APB1LENR = 0xE8 };

#define UART(offset) REGISTER(PLATFORM_UART_BASE + (offset))
enum { CR1 = 0x00, BRR = 0x0C, ISR = 0x1C, ICR = 0x20, RDR = 0x24, TDR = 0x28 };
enum { ISR_OVERRUN = 1 << 3, ISR_RECEIVED = 1 << 5, ISR_TX_EMPTY = 1 << 7 };
enum { CR1_ENABLE_TX_RX = 0x0D, CR1_RX_INTERRUPT = 1 << 5 };

#define GPIO(offset) REGISTER(PLATFORM_GPIO_BASE + (offset))
enum { MODER = 0x00, AFR = 0x20 };

/* Only the instruction cache: each weight is read once, and a data cache would need coherence with any
   DMA. */
static void start_instruction_cache(void) {
  __asm__ volatile("dsb\n isb" ::: "memory");
  REGISTER(0xE000EF50u) = 0; /* ICIALLU */
  __asm__ volatile("dsb\n isb" ::: "memory");
  REGISTER(0xE000ED14u) |= 1u << 17;
  __asm__ volatile("dsb\n isb" ::: "memory");
}

/* Alternate function 7 on a pin. */
static void connect(uint32_t pin) {
  const uint32_t register_of_pin = AFR + 4u * (pin / 8u), shift = 4u * (pin % 8u);
  GPIO(register_of_pin) = (GPIO(register_of_pin) & ~(15u << shift)) | 7u << shift;
  GPIO(MODER) = (GPIO(MODER) & ~(3u << 2u * pin)) | 2u << 2u * pin;
}

void platform_init(void) {
  start_instruction_cache();
  cycles_start();
  RCC(RCC_AHB4ENR) |= PLATFORM_GPIO_ENABLE;
  RCC(RCC_APB1LENR) |= PLATFORM_UART_APB1_ENABLE;
  (void)RCC(RCC_APB1LENR); /* the clock runs once this is read back */
  connect(PLATFORM_TX_PIN);
  connect(PLATFORM_RX_PIN);
  UART(BRR) = (PLATFORM_CLOCK_HZ + PLATFORM_BAUD / 2u) / PLATFORM_BAUD;
  UART(CR1) = CR1_ENABLE_TX_RX | CR1_RX_INTERRUPT;
  NVIC_ENABLE(PLATFORM_UART_IRQ);
}

void platform_uart_interrupt(void) {
  UART(ICR) = ISR_OVERRUN;
  while (UART(ISR) & ISR_RECEIVED) receive_put((uint8_t)UART(RDR));
}

void platform_write(const uint8_t *bytes, uint32_t n) {
  for (; n; n--) {
    while (!(UART(ISR) & ISR_TX_EMPTY)) {
    }
    UART(TDR) = *bytes++;
  }
}
