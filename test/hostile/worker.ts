import { mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { crc32, SpikeletError } from '../../models/index.js';
import { seeded } from '../random-graph.js';
import { seedOf } from './mutate.js';
import { type Found, MOST_MS, OPENING, type Opened, type Order } from './reader.js';
import { readers } from './readers.js';

/**
 * One process of a reader: reads the inputs `from` to `to`, noting in a file which one it is at, so that whoever watches
 * it knows at which it crashed or hangs.
 */
process.once('message', async (order: Order) => {
  const reader = readers.find(({ name }) => name === order.reader)!;
  mkdirSync(order.folder, { recursive: true });
  const place = openSync(order.place, 'w');
  const at = (index: number) => writeSync(place, Uint32Array.of(index), 0, 4, 0);
  at(OPENING);
  const opened = await reader.open(order.folder);
  if (typeof opened === 'string') process.send!({ skipped: opened });
  else if (order.save !== undefined) {
    writeFileSync(order.save, inputOf(opened, order, order.from));
    process.send!({ saved: true });
  } else process.send!({ found: await readAll(opened, order, at) });
  if (typeof opened !== 'string') await opened.close?.();
  process.disconnect();
});

const inputOf = (opened: Opened, { seed, reader }: Order, index: number): Uint8Array =>
  opened.input(seeded(seedOf(seed, reader, index)), index);

const rss = () => 1024 * process.resourceUsage().maxRSS;

async function readAll(opened: Opened, order: Order, at: (index: number) => void): Promise<Found> {
  const found: Found = {
    accepted: 0,
    refused: 0,
    crc: 0,
    slowest: { ms: 0, index: order.from },
    maxRss: 0,
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
  found.notes = [...notes].map(([what, count]) => `${count} ${what}`);
  return found;
}
