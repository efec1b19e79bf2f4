import type { Memory } from './boards/board.js';

/** Where the loader keeps programs, as addresses and bytes: shell/slots.h says how it uses them. */
export type Slots = { record: number; running: number; incoming: number; bytes: number };

/** Bytes before the program in an image: IMAGE_PROGRAM of shell/slots.h. Vector tables want this alignment. */
export const IMAGE_PROGRAM = 256;

/** Cuts a memory into the sector of the commit record and two slots of equal size. */
export function slotsIn({ origin, bytes }: Memory, sectorBytes: number): Slots {
  const slot = Math.floor((bytes - sectorBytes) / 2 / sectorBytes) * sectorBytes;
  const running = origin + sectorBytes;
  return { record: origin, running, incoming: running + slot, bytes: slot };
}

/** The memory that a program of the slot `running` is linked for. */
export const runningSlot = ({ running, bytes }: Slots): Memory => ({
  name: 'slot',
  kind: 'flash',
  origin: running + IMAGE_PROGRAM,
  bytes: bytes - IMAGE_PROGRAM,
});
