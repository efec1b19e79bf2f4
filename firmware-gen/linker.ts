import { type Board, type MemoryRegion, memoryOf } from './boards/index.js';

/** Where a program is linked, if not at the start of the board's program memory. */
export type Place = {
  /** A part of the program memory: a slot of the loader. */
  code?: { origin: number; bytes: number };
  /** Name of the memory for the weights; default: the code's. */
  weights?: string;
};

const hex = (value: number): string => `0x${value.toString(16).toUpperCase().padStart(8, '0')}`;

const region = ({ name, kind, origin, bytes }: MemoryRegion): string =>
  `  ${name} (${kind === 'flash' ? 'rx' : 'rwx'}) : ORIGIN = ${hex(origin)}, LENGTH = ${hex(bytes)}`;

/**
 * Prints the linker script. The stack is below the data, so that an overflow runs into unmapped memory, not
 * into the arena. Constants of weights.c go to the memory that the plan chose for them.
 */
export function linkerScript(board: Board, place: Place = {}): string {
  const code = { ...memoryOf(board, board.code), ...place.code };
  const memories = board.memories.map((memory) => (memory.name === code.name ? code : memory));
  const weights = place.weights ?? code.name;
  const { ram } = board;
  return `/* ${board.title} */
ENTRY(${board.core.startsWith('cortex') ? 'platform_vectors' : 'platform_start'})

MEMORY {
${memories.map(region).join('\n')}
}

SECTIONS {
  .boot : { KEEP(*(.boot)) } > ${code.name}
  .text : ALIGN(256) {
    KEEP(*(.vectors))
    *(.text .text.*)
  } > ${code.name}
  .weights : ALIGN(16) { *weights.o(.rodata .rodata.*) } > ${weights}
  .rodata : ALIGN(4) { *(.rodata .rodata.*) } > ${code.name}

  .stack (NOLOAD) : ALIGN(8) {
    platform_stack_limit = .;
    . += ${board.stackBytes};
    platform_stack_top = .;
  } > ${ram}
  .data : ALIGN(4) {
    platform_data_start = .;
    *(.data .data.*)
    . = ALIGN(4);
    platform_data_end = .;
  } > ${ram} AT > ${code.name}
  platform_data_image = LOADADDR(.data);
  .bss (NOLOAD) : ALIGN(4) {
    platform_bss_start = .;
    *(.bss .bss.* COMMON)
    . = ALIGN(4);
    platform_bss_end = .;
  } > ${ram}

  /DISCARD/ : { *(.comment .ARM.exidx* .ARM.attributes .eh_frame* .riscv.attributes) }
}
`;
}
