import type { Board } from './board.js';

/** ST NUCLEO-F446RE. The serial port is USART2 on PA2 and PA3, which its ST-LINK shows as a USB port. */
export const nucleoF446re: Board = {
  name: 'nucleo-f446re',
  title: 'ST NUCLEO-F446RE, STM32F446, Cortex-M4 168 MHz',
  core: 'cortex-m4',
  memories: [
    { name: 'flash', kind: 'flash', origin: 0x08000000, bytes: 512 << 10 },
    { name: 'sram', kind: 'ram', origin: 0x20000000, bytes: 128 << 10 },
  ],
  code: 'flash',
  ram: 'sram',
  weights: [],
  stackBytes: 4096,
  flash: { sectorBytes: 128 << 10, unitBytes: 1 },
  flashing: {
    protocol: 'an3155',
    base: 0x08000000,
    device: 0x421,
    sectors: [
      [4, 16 << 10],
      [1, 64 << 10],
      [3, 128 << 10],
    ],
    enter: 'hold BOOT0 high and reset the board',
  },
  clockHz: 168_000_000,
  serial: { base: 0x40004400, irq: 38, baud: 115200 },
  counter: { ticksPerSecond: 168_000_000, means: 'cycles', count: 1, ticks: 1 },
  registers: {
    PLATFORM_PLL_N: 336,
    PLATFORM_UART_CLOCK_HZ: 42_000_000,
    PLATFORM_UART_APB1_ENABLE: 1 << 17,
    PLATFORM_UART_APB2_ENABLE: 0,
    PLATFORM_GPIO_BASE: 0x40020000,
    PLATFORM_GPIO_ENABLE: 1 << 0,
    PLATFORM_TX_PIN: 2,
    PLATFORM_RX_PIN: 3,
  },
  sources: ['cortex-m.c', 'cycles.c', 'stm32f4.c', 'flash-none.c'],
  untried: 'not yet run on hardware',
};
