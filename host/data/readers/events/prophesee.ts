import { printable } from '../../../system/printable.js';
import { type Refuse, refusalOf } from '../../../system/refusal.js';
import { EventList, type Events, unwrapped } from './events.js';
import { requireRecords, textHead } from './text-head.js';

/** Of the header of Prophesee's files, lines "% key value": its evt version and the sensor's size, where it says them. */
type Head = { at: number; version?: string; width?: number; height?: number };

function headOf(bytes: Uint8Array, refuse: Refuse): Head {
  const { lines, at } = textHead(bytes, '%', refuse, /^%\s*end\s*$/);
  const find = (pattern: RegExp) => lines.map((line) => pattern.exec(line)).find(Boolean);
  // "% evt 3.0", and later "% format EVT3;height=720;width=1280".
  const version = find(/^%\s*evt\s+(\S{1,20})/i)?.[1] ?? find(/^%\s*format\s+EVT([\d.]{1,9})/i)?.[1];
  const geometry = find(/^%\s*geometry\s+(\d{1,5})x(\d{1,5})/i);
  const width = geometry?.[1] ?? find(/\bwidth[\s=]+(\d{1,5})/i)?.[1];
  const height = geometry?.[2] ?? find(/\bheight[\s=]+(\d{1,5})/i)?.[1];
  return {
    at,
    ...(version === undefined ? {} : { version: version.replace(/\.0$/, '') }),
    ...(Number(width) && Number(height) ? { width: Number(width), height: Number(height) } : {}),
  };
}

const sizeOf = ({ width, height }: Head) =>
  width === undefined || height === undefined ? {} : { width, height };

/** Prophesee's .raw: EVT 2.0 or EVT 3.0, as its header says. Events before the first time are passed over. */
export function readRaw(bytes: Uint8Array, name: string): Events {
  const refuse = refusalOf(name);
  const head = headOf(bytes, refuse);
  const read = Object.hasOwn(versions, head.version ?? '') ? versions[head.version!] : undefined;
  if (!read)
    return refuse(
      head.version === undefined
        ? 'its header does not say its format'
        : `it is EVT ${printable(head.version)}`,
      'EVT 2.0 and 3.0 are read: convert it with metavision_file_to_dat, or save it again as EVT 3.0',
    );
  const list = new EventList(refuse);
  read(bytes, head.at, list, refuse);
  return list.done(sizeOf(head));
}

const versions: Record<string, (bytes: Uint8Array, at: number, list: EventList, refuse: Refuse) => void> = {
  2: readEvt2,
  3: readEvt3,
};

/** EVT 2.0: u32 words; type in the top 4 bits: 0 OFF, 1 ON (time 6 bits, column 11, row 11), 8 the upper 28 bits of time. */
function readEvt2(bytes: Uint8Array, start: number, list: EventList, refuse: Refuse): void {
  requireRecords(bytes, start, 4, refuse);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const clock = unwrapped(2 ** 34);
  let high = -1;
  for (let at = start; at < bytes.length; at += 4) {
    const word = view.getUint32(at, true);
    const type = word >>> 28;
    if (type === 8) high = clock((word & 0xfffffff) * 64);
    else if (type > 1 || high < 0) list.skipped++;
    else list.add(high + ((word >> 22) & 63), (word >> 11) & 2047, word & 2047, type);
  }
}

/**
 * EVT 3.0: u16 words; type in the top 4 bits: 0 row; 2 an event at a column (polarity in bit 11); 3 base column and
 * polarity of vectors; 4 and 5 a vector of 12 and 8 events, a bit each; 6 and 8 the lower and upper 12 bits of time. Only
 * the upper ones are watched for a new start.
 */
function readEvt3(bytes: Uint8Array, start: number, list: EventList, refuse: Refuse): void {
  requireRecords(bytes, start, 2, refuse);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const clock = unwrapped(2 ** 24);
  let [high, low, row, base, polarity] = [-1, 0, 0, 0, 0];
  const vector = (bits: number, width: number) => {
    for (let i = 0; i < width; i++)
      if ((bits >> i) & 1) {
        if (high < 0) list.skipped++;
        else list.add(high + low, base + i, row, polarity);
      }
    base = (base + width) & 0xffff;
  };
  for (let at = start; at < bytes.length; at += 2) {
    const word = view.getUint16(at, true);
    switch (word >> 12) {
      case 0:
        row = word & 2047;
        break;
      case 2:
        if (high < 0) list.skipped++;
        else list.add(high + low, word & 2047, row, (word >> 11) & 1);
        break;
      case 3:
        base = word & 2047;
        polarity = (word >> 11) & 1;
        break;
      case 4:
        vector(word, 12);
        break;
      case 5:
        vector(word, 8);
        break;
      case 6:
        low = word & 4095;
        break;
      case 8:
        high = clock((word & 4095) * 4096);
        break;
      default:
        list.skipped++;
    }
  }
}

/** Types of events in a .dat that are changes of brightness, CD. */
const CD = [0, 12];

/**
 * Prophesee's .dat: lines that begin with %, u8 type, u8 size of an event, then of each u32 microseconds and u32 of column
 * (14 bits), row (14), polarity (4).
 */
export function readDat(bytes: Uint8Array, name: string): Events {
  const refuse = refusalOf(name);
  const head = headOf(bytes, refuse);
  const [type = 255, size] = bytes.subarray(head.at);
  if (!CD.includes(type))
    return refuse(`it holds events of type ${type}, not CD (0 or 12)`, 'take the _cd.dat of the recording');
  if (size !== 8) return refuse(`its events have ${size} bytes, not 8`, 'take the _cd.dat of the recording');
  requireRecords(bytes, head.at + 2, 8, refuse);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const list = new EventList(refuse);
  const clock = unwrapped(2 ** 32);
  for (let at = head.at + 2; at < bytes.length; at += 8) {
    const word = view.getUint32(at + 4, true);
    list.add(clock(view.getUint32(at, true)), word & 0x3fff, (word >> 14) & 0x3fff, word >>> 28 ? 1 : 0);
  }
  return list.done(sizeOf(head));
}
