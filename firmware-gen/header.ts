import { type Board, memoryOf } from './boards/index.js';

const hex = (value: number): string => `0x${value.toString(16).toUpperCase().padStart(8, '0')}u`;

/** Prints board.h, the numbers that shell/platform.h lists. */
export function boardHeader(board: Board): string {
  const code = memoryOf(board, board.code);
  const ram = memoryOf(board, board.ram);
  const { serial, counter, flash } = board;
  const programmed = memoryOf(board, flash.memory ?? board.code);
  const numbers: [name: string, value: string][] = [
    ['PLATFORM_NAME', `"${board.name}"`],
    ['PLATFORM_CLOCK_HZ', `${board.clockHz}u`],
    ['PLATFORM_BAUD', `${serial.baud}u`],
    ['PLATFORM_UART_BASE', hex(serial.base)],
    ['PLATFORM_UART_IRQ', `${serial.irq}u`],
    ['PLATFORM_TICKS_PER_SECOND', `${counter.ticksPerSecond}u`],
    ['PLATFORM_COUNT_MEANS', `"${counter.means}"`],
    ['PLATFORM_COUNT_PER_TICKS', `${counter.count}u`],
    ['PLATFORM_COUNT_TICKS', `${counter.ticks}u`],
    ['PLATFORM_CODE_BASE', hex(code.origin)],
    ['PLATFORM_CODE_BYTES', hex(code.bytes)],
    ['PLATFORM_RAM_BASE', hex(ram.origin)],
    ['PLATFORM_RAM_BYTES', hex(ram.bytes)],
    ['PLATFORM_STACK_BYTES', `${board.stackBytes}u`],
    ['PLATFORM_FLASH_BASE', hex(programmed.origin)],
    ['PLATFORM_FLASH_BYTES', hex(programmed.bytes)],
    ['PLATFORM_FLASH_SECTOR', `${flash.sectorBytes}u`],
    ['PLATFORM_FLASH_UNIT', `${flash.unitBytes}u`],
    ...Object.entries(board.registers).map(([name, value]): [string, string] => [name, hex(value)]),
  ];
  const lines = numbers.map(([name, value]) => `#define ${name} ${value}`);
  return `/* ${board.title} */
#ifndef SPIKELET_BOARD_H
#define SPIKELET_BOARD_H

${lines.join('\n')}

#endif
`;
}
