import type { Board } from './board.js';

/** ST NUCLEO-H743ZI. The serial port is USART3 on PD8 and PD9, which its ST-LINK shows as a USB port. */
export const nucleoH743zi: Board = {
  name: 'nucleo-h743zi',
  title: 'ST NUCLEO-H743ZI, STM32H743, Cortex-M7 64 MHz',
  core: 'cortex-m7',
  memories: [
    { name: 'flash', kind: 'flash', origin: 0x08000000, bytes: 2 << 20 },
    { name: 'sram', kind: 'ram', origin: 0x24000000, bytes: 512 << 10 },
  ],
  code: 'flash',
  ram: 'sram',
  weights: [],
  stackBytes: 4096,
  flash: { sectorBytes: 128 << 10, unitBytes: 32 },
  flashing: {
    protocol: 'an3155',
    base: 0x08000000,
    device: 0x450,
    sectors: [[16, 128 << 10]],
    enter: 'hold BOOT0 high and reset the board',
  },
  clockHz: 64_000_000,
  serial: { base: 0x40004800, irq: 39, baud: 115200 },
  counter: { ticksPerSecond: 64_000_000, means: 'cycles', count: 1, ticks: 1 },
  registers: {
    PLATFORM_UART_APB1_ENABLE: 1 << 18,
    PLATFORM_GPIO_BASE: 0x58020c00,
    PLATFORM_GPIO_ENABLE: 1 << 3,
    PLATFORM_TX_PIN: 8,
    PLATFORM_RX_PIN: 9,
  },
  sources: ['cortex-m.c', 'cycles.c', 'stm32h7.c', 'flash-none.c'],
  untried: 'not yet run on hardware',
};
