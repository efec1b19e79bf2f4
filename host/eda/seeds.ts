import type { Board } from '../../fpga/boards/board.js';
import type { Placed } from './place.js';

/** `seed`: the one that is placed, or the first of `seeds`, a number of them. */
export type SeedFlags = { seed?: number | undefined; seeds?: number | undefined };

/** Which seeds are placed: `count` from `first` on; `stops`: none after the first that meets the board's clock. */
export type Seeds = { first: number; count: number; stops: boolean };

/** A placement and the seed that its search began with. */
export type PlacedSeed = Placed & { seed: number };

/** Placing takes a minute for a large design: seeds that are tried where nobody asks for a number. */
const MOST_UNASKED = 3;

/**
 * Unasked, seeds from 1 until one meets the clock; a seed alone is placed alone; a number of seeds are all placed, whatever
 * the first ones reach, for the range of the highest clock.
 */
export function seedsOf({ seed, seeds }: SeedFlags): Seeds {
  if (seeds !== undefined) return { first: seed ?? 1, count: seeds, stops: false };
  if (seed !== undefined) return { first: seed, count: 1, stops: false };
  return { first: 1, count: MOST_UNASKED, stops: true };
}

/** Placements of a design, in the order of their seeds. `place` takes a seed; `note` is told what it is working on. */
export async function placeSeeds(
  { first, count, stops }: Seeds,
  { clockHz }: Pick<Board, 'clockHz'>,
  place: (seed: number) => Promise<Placed>,
  note: (line: string) => void = () => {},
): Promise<PlacedSeed[]> {
  const runs: PlacedSeed[] = [];
  for (let seed = first; seed < first + count; seed++) {
    note(`placing and routing, seed ${seed}`);
    const placed = await place(seed);
    note(`seed ${seed}: ${mhz(placed.fmaxHz)} MHz`);
    runs.push({ ...placed, seed });
    if (stops && placed.fmaxHz >= clockHz) break;
  }
  return runs;
}

export const fastest = <P extends { fmaxHz: number }>(runs: P[]): P =>
  runs.reduce((best, run) => (run.fmaxHz > best.fmaxHz ? run : best));

const mhz = (hz: number): string => (hz / 1e6).toFixed(1);

/** The highest clock, which differs by seed, as `25.0 to 28.8 MHz over seeds 1 to 3`. */
export function clockRange(runs: { fmaxHz: number; seed: number }[]): string {
  const clocks = runs.map(({ fmaxHz }) => fmaxHz);
  const [first, last] = [runs[0]!.seed, runs.at(-1)!.seed];
  const [low, high] = [Math.min(...clocks), Math.max(...clocks)].map(mhz) as [string, string];
  return runs.length === 1
    ? `${high} MHz with seed ${first} alone`
    : `${low === high ? low : `${low} to ${high}`} MHz over seeds ${first} to ${last}`;
}
