import { crc32 } from '../../../dist/models/index.js';
import type { Contestant } from './contestant.js';

export type Measured = {
  /** Median, smallest and largest time of one image. */
  ms: number;
  fastest: number;
  slowest: number;
  rounds: number;
  /** Logits of every image, and the CRC-32 of the bytes of all. */
  logits: Float64Array[];
  crc: number;
};

const WARM_UP_ROUNDS = 2;
const WARM_UP_MS = 1000;
const ROUNDS = 15;
/**
 * A round of a contestant lasts at least this long, so that the clock and its process's waking do not show.
 */
const ROUND_MS = 30;
/** A contestant that has taken this long is not asked again, once it has had the fewest rounds. */
const BUDGET_MS = 30_000;
const FEWEST_ROUNDS = 5;

/**
 * Times all contestants in turn, one image and then the next in each round, so that what else the machine
 * does falls on all of them alike.
 */
export async function measure(
  contestants: Contestant[],
  images: number,
  log: (line: string) => void,
): Promise<Map<Contestant, Measured>> {
  const states = [];
  for (const contestant of contestants) states.push(await warmUp(contestant, images));
  log(`measuring ${contestants.length} engines in turn`);
  for (let round = 0; round < ROUNDS; round++)
    for (const state of states) {
      if (state.spent > BUDGET_MS && state.times.length >= FEWEST_ROUNDS) continue;
      const { ms } = await state.contestant.run(round % images, state.repeats);
      state.spent += ms;
      state.times.push(ms / state.repeats);
    }
  return new Map(
    states.map(({ contestant, times, logits, crc }) => {
      const sorted = times.sort((a, b) => a - b);
      const ms = sorted[sorted.length >> 1]!;
      const result = { ms, fastest: sorted[0]!, slowest: sorted.at(-1)!, rounds: sorted.length, logits, crc };
      return [contestant, result] as const;
    }),
  );
}

async function warmUp(contestant: Contestant, images: number) {
  const logits: Float64Array[] = [];
  const outputs: Uint8Array[] = [];
  let last = 0;
  for (let image = 0; image < images; image++) {
    const result = await contestant.run(image, 1);
    logits.push(result.logits);
    outputs.push(result.bytes);
    last = result.ms;
  }
  let repeats = Math.max(1, Math.ceil(ROUND_MS / last));
  for (let [round, spent] = [0, 0]; round < WARM_UP_ROUNDS || spent < WARM_UP_MS; round++) {
    const { ms } = await contestant.run(0, repeats);
    spent += ms;
    repeats = Math.max(1, Math.ceil(ROUND_MS / (ms / repeats)));
  }
  return { contestant, logits, crc: crc32(Buffer.concat(outputs)), repeats, spent: 0, times: [] as number[] };
}
