import { crc32, SpikeletError } from '../../models/index.js';
import { seeded } from '../support/random-graph.js';
import { seedOf } from './mutate.js';
import { type Found, MOST_MS, OPENING, type Opened, type Order } from './reader.js';

export const inputOf = (
  opened: Opened,
  { seed, reader }: Pick<Order, 'seed' | 'reader'>,
  index: number,
): Uint8Array => opened.input(seeded(seedOf(seed, reader, index)), index);

const rss = () => 1024 * process.resourceUsage().maxRSS;

/** Reads the inputs of an order, one after another; `at` is told which. */
export async function readAll(
  opened: Opened,
  order: Pick<Order, 'reader' | 'seed' | 'from' | 'to'>,
  at: (index: number) => void = () => undefined,
): Promise<Found> {
  const found: Found = {
    accepted: 0,
    refused: 0,
    crc: 0,
    slowest: { ms: 0, index: order.from },
    maxRss: 0,
    cpuSeconds: 0,
    grew: { bytes: 0, index: order.from },
    defects: [],
    notes: [],
  };
  const notes = new Map<string, number>();
  const to = opened.count === undefined ? order.to : Math.min(order.to, opened.count);
  for (let index = order.from; index < to; index++) {
    const bytes = inputOf(opened, order, index);
    at(index);
    const before = rss();
    const [started, used] = [performance.now(), process.cpuUsage()];
    let outcome = 'refused';
    try {
      const result = await opened.read(bytes);
      outcome = `accepted ${result}`;
      found.accepted++;
      if (result === 'stopped' || result === 'too large to run')
        notes.set(result, (notes.get(result) ?? 0) + 1);
    } catch (error) {
      if (error instanceof SpikeletError) found.refused++;
      else {
        outcome = 'defect';
        if (found.defects.length < 50)
          found.defects.push({ index, what: String((error as Error)?.stack ?? error).slice(0, 2000) });
      }
    }
    found.crc = crc32(new TextEncoder().encode(outcome), found.crc);
    const ms = performance.now() - started;
    const { user, system } = process.cpuUsage(used);
    if (ms > found.slowest.ms) found.slowest = { ms, index };
    if ((user + system) / 1000 > MOST_MS)
      found.defects.push({ index, what: `it took ${((user + system) / 1e6).toFixed(1)} s of CPU` });
    if (rss() - before > found.grew.bytes) found.grew = { bytes: rss() - before, index };
  }
  at(OPENING);
  found.maxRss = rss();
  const { user, system } = process.cpuUsage();
  found.cpuSeconds = (user + system) / 1e6;
  found.notes = [...notes].map(([what, count]) => `${count} ${what}`);
  return found;
}
