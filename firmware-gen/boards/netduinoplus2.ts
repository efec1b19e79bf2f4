import type { Board } from './board.js';

/**
 * STM32F405 as QEMU emulates it, with platform/stm32f4.c. QEMU has no clock tree, so the core stays on the
 * internal oscillator; SysTick counts at 168 MHz of virtual time.
 */
export const netduinoplus2: Board = {
  name: 'netduinoplus2',
  title: 'Netduino Plus 2, STM32F405, Cortex-M4 (QEMU)',
  core: 'cortex-m4',
  memories: [
    { name: 'flash', kind: 'flash', origin: 0x08000000, bytes: 1 << 20 },
    { name: 'sram', kind: 'ram', origin: 0x20000000, bytes: 128 << 10 },
  ],
  code: 'flash',
  ram: 'sram',
  weights: [],
  stackBytes: 4096,
  flash: { sectorBytes: 128 << 10, unitBytes: 1 },
  flashing: { protocol: 'qemu' },
  clockHz: 16_000_000,
  serial: { base: 0x40011000, irq: 37, baud: 115200 },
  // One instruction is 64 ns of QEMU's virtual time under -icount shift=6: 10.752 ticks.
  counter: { ticksPerSecond: 168_000_000, means: 'instructions', count: 125, ticks: 1344 },
  registers: {
    PLATFORM_PLL_N: 0,
    PLATFORM_UART_CLOCK_HZ: 16_000_000,
    PLATFORM_UART_APB1_ENABLE: 0,
    PLATFORM_UART_APB2_ENABLE: 1 << 4,
    PLATFORM_GPIO_BASE: 0x40020000,
    PLATFORM_GPIO_ENABLE: 1 << 0,
    PLATFORM_TX_PIN: 9,
    PLATFORM_RX_PIN: 10,
  },
  sources: ['cortex-m.c', 'systick.c', 'stm32f4.c', 'flash-none.c'],
  emulator: {
    kind: 'qemu',
    program: 'qemu-system-arm',
    machine: 'netduinoplus2',
    arguments: [],
    counting: ['-icount', 'shift=6'],
  },
};
