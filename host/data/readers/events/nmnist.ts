import { refusalOf } from '../../../system/refusal.js';
import { EventList, type Events } from './events.js';
import { requireRecords } from './text-head.js';

/** A row that no sensor of this format has: it says that the clock of 13 bits started again. */
const OVERFLOW = 240;

/**
 * The .bin and .bs2 of N-MNIST and N-Caltech101 (garrickorchard.com): 5 bytes an event, no header: x, y, then polarity in
 * the top bit and 23 bits of microseconds. A row 240 adds 2^13 us to all later times.
 */
export function readNmnist(bytes: Uint8Array, name: string): Events {
  const refuse = refusalOf(name);
  requireRecords(bytes, 0, 5, refuse);
  const list = new EventList(refuse);
  let base = 0;
  for (let at = 0; at < bytes.length; at += 5) {
    const [x, y, high, middle, low] = bytes.subarray(at, at + 5) as unknown as [
      number,
      number,
      number,
      number,
      number,
    ];
    if (y === OVERFLOW) {
      base += 2 ** 13;
      continue;
    }
    list.add(base + ((high & 127) << 16) + (middle << 8) + low, x, y, high >> 7);
  }
  return list.done();
}
