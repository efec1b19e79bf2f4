import type { MemoryRegion } from './boards/board.js';

/** Where the loader keeps programs, in addresses and bytes; shell/slots.h says how it uses them. */
export type Slots = { record: number; running: number; incoming: number; bytes: number };

/**
 * Bytes before the program in an image: IMAGE_PROGRAM in shell/slots.h. Vector tables need this alignment.
 */
export const IMAGE_PROGRAM = 256;

/** Splits a memory into the commit record's sector and two equal slots. */
export function slotsIn({ origin, bytes }: MemoryRegion, sectorBytes: number): Slots {
  const slot = Math.floor((bytes - sectorBytes) / 2 / sectorBytes) * sectorBytes;
  const running = origin + sectorBytes;
  return { record: origin, running, incoming: running + slot, bytes: slot };
}

/** The memory that a program in the slot `running` is linked for. */
export const runningSlot = ({ running, bytes }: Slots): MemoryRegion => ({
  name: 'slot',
  kind: 'flash',
  origin: running + IMAGE_PROGRAM,
  bytes: bytes - IMAGE_PROGRAM,
});
