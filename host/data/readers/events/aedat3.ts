import { refusalOf } from '../../../system/refusal.js';
import { CUT, EventList, type Events } from './events.js';
import { textHead } from './text-head.js';

const END = '#!END-HEADER';
const HEAD = 28;
const POLARITY = 1;

/**
 * AEDAT 3.1 (cAER): lines to #!END-HEADER, then packets, little-endian: a head of 28 bytes (type, source, size of an event,
 * offset of its time, overflows of the clock, capacity, number, valid), then `number` events. An event of polarity, type 1,
 * is u32 data (bit 0 valid, 1 polarity, 2..16 row, 17..31 column) and u32 time of 31 bits. Other packets are passed over.
 */
export function readAedat3(bytes: Uint8Array, name: string): Events {
  const refuse = refusalOf(name);
  const { lines, at: start } = textHead(bytes, '#', refuse, /^#!END-HEADER/);
  if (lines.at(-1) !== END) return refuse(`its header does not end in ${END}`, CUT);
  const format = lines.map((line) => /^#Format:\s*(\S+)/i.exec(line)?.[1]).find(Boolean);
  if (format && format.toUpperCase() !== 'RAW')
    return refuse('its packets are compressed', 'save it as RAW, or convert it to AEDAT 4 with DV');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const list = new EventList(refuse);
  for (let at = start; at < bytes.length; ) {
    if (at + HEAD > bytes.length) return refuse(`it ends within the head of a packet, at byte ${at}`, CUT);
    const type = view.getUint16(at, true);
    const [size, , overflows, capacity, number] = [4, 8, 12, 16, 20].map((o) =>
      view.getUint32(at + o, true),
    ) as [...[number, number, number, number, number]];
    const from = at + HEAD;
    if (capacity * size > bytes.length - from || number > capacity)
      return refuse(
        `the packet at byte ${at} announces ${number} of ${capacity} events of ${size} bytes, ${bytes.length - from} follow`,
        CUT,
      );
    at = from + capacity * size;
    if (type !== POLARITY) {
      list.skipped += number;
      continue;
    }
    if (size !== 8)
      return refuse(`the packet at byte ${from - HEAD} has events of ${size} bytes, not 8`, CUT);
    for (let event = from; event < from + number * size; event += size) {
      const data = view.getUint32(event, true);
      const t = overflows * 2 ** 31 + view.getUint32(event + 4, true);
      if (data & 1) list.add(t, data >>> 17, (data >> 2) & 0x7fff, (data >> 1) & 1);
      else list.skipped++;
    }
  }
  return list.done();
}
