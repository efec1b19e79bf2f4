import { printable } from '../../../system/printable.js';
import { refusalOf } from '../../../system/refusal.js';
import { EventList, type Events, unwrapped } from './events.js';
import { requireRecords, textHead } from './text-head.js';

/**
 * AEDAT 2.0 of a DVS128 (jAER): lines that begin with #, then big-endian u32 address and u32 microseconds. Column in bits
 * 8..14 of the address, row in 1..7, polarity in 0; addresses with bit 15 or 31 set are not sensor events. Data cannot
 * begin with '#': no DVS128 has an address 0x23......
 * @throws SpikeletError for other cameras, whose addresses mean something else.
 */
export function readAedat2(bytes: Uint8Array, name: string): Events {
  const refuse = refusalOf(name);
  const { lines, at: start } = textHead(bytes, '#', refuse);
  const chip = lines.map((line) => /^#\s*(?:AEChip|HardwareInterface):\s*(.+)/.exec(line)?.[1]).find(Boolean);
  if (chip && !/DVS128/i.test(chip))
    return refuse(
      `it is of a ${printable(chip)}; of AEDAT 2 only the DVS128 is read`,
      'convert it to AEDAT 4 with DV, or to .npy of t, x, y, p with tonic.io.read_aedat2',
    );
  requireRecords(bytes, start, 8, refuse);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const list = new EventList(refuse);
  const clock = unwrapped(2 ** 32);
  for (let at = start; at < bytes.length; at += 8) {
    const address = view.getUint32(at);
    const t = clock(view.getUint32(at + 4));
    if (address & 0x80008000) {
      list.skipped++;
      continue;
    }
    if (address & 0x7fff0000)
      return refuse(
        `the address at byte ${at}, 0x${address.toString(16)}, is not an address of a DVS128`,
        'convert it to AEDAT 4 with DV, or to .npy of t, x, y, p with tonic.io.read_aedat2',
      );
    list.add(t, (address >> 8) & 127, (address >> 1) & 127, address & 1);
  }
  return list.done({ width: 128, height: 128 });
}
