import * as zlib from 'node:zlib';
import { type Refuse, refusalOf } from '../../../system/refusal.js';
import { CUT, EventList, type Events } from './events.js';
import { type Table, tableAt } from './flatbuffer.js';
import { unpackLz4 } from './lz4.js';

const MAGIC = '#!AER-DAT4.0\r\n';
const EVENT_BYTES = 16;

/** Most bytes of a packet, unpacked: 4 million events; DV writes some thousand. */
const MAX_PACKET = 2 ** 26;

type Unpack = (bytes: Uint8Array, refuse: Refuse) => Uint8Array;

/** How packets are compressed, by the number in the header. */
const compressions: Record<number, Unpack> = {
  0: (bytes) => bytes,
  1: (bytes, refuse) => unpackLz4(bytes, MAX_PACKET, refuse),
  2: (bytes, refuse) => unpackLz4(bytes, MAX_PACKET, refuse),
  3: unpackZstd,
  4: unpackZstd,
};

/** Node has zstd since 22.15. */
function unpackZstd(bytes: Uint8Array, refuse: Refuse): Uint8Array {
  const { zstdDecompressSync } = zlib as {
    zstdDecompressSync?: (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;
  };
  if (!zstdDecompressSync)
    return refuse(
      'its packets are compressed by zstd, which this Node cannot unpack',
      'use Node 22.15 or later, or save the recording again with LZ4, as DV does unless told otherwise',
    );
  try {
    return zstdDecompressSync(bytes, { maxOutputLength: MAX_PACKET });
  } catch {
    return refuse('a packet cannot be unpacked by zstd', CUT);
  }
}

/**
 * AEDAT 4.0 (DV): a header of flatbuffer IOHE, then packets of i32 stream, i32 size and a size-prefixed flatbuffer, which
 * may be compressed; those of EVTS hold structs of i64 time, i16 column, i16 row, u8 polarity. Packets of other kinds
 * (frames, IMU, triggers) are passed over.
 * @throws SpikeletError if two streams hold events: the choice of camera would be a guess.
 */
export function readAedat4(bytes: Uint8Array, name: string): Events {
  const refuse = refusalOf(name);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = MAGIC.length + 4;
  const headBytes = bytes.length < start ? -1 : view.getInt32(MAGIC.length, true);
  if (headBytes < 8 || headBytes > bytes.length - start) return refuse('it ends in its header', CUT);
  const head = tableAt(bytes.subarray(start, start + headBytes), 0, 'IOHE', 'its header', refuse);
  const compression = head.field(0, 4) === undefined ? 0 : head.i32(head.field(0, 4)!);
  const unpack = Object.hasOwn(compressions, compression) ? compressions[compression] : undefined;
  if (!unpack) return refuse(`its packets are compressed in way ${compression}, which is not known`, CUT);
  const end = endOf(head, start + headBytes, bytes.length, refuse);
  const list = new EventList(refuse);
  let source: number | undefined;
  for (let at = start + headBytes; at < end; ) {
    const size = at + 8 > end ? -1 : view.getInt32(at + 4, true);
    if (size < 0 || size > end - at - 8) return refuse(`the packet at byte ${at} goes beyond the end`, CUT);
    const stream = view.getInt32(at, true);
    const packet = unpack(bytes.subarray(at + 8, at + 8 + size), refuse);
    at += 8 + size;
    if (packet.length < 12 || String.fromCharCode(...packet.subarray(8, 12)) !== 'EVTS') {
      list.skipped++;
      continue;
    }
    source ??= stream;
    if (source !== stream)
      return refuse(
        `its streams ${source} and ${stream} both hold events`,
        'save each camera to a file of its own',
      );
    takeEvents(packet, list, refuse);
  }
  return list.done(source === undefined ? {} : sensorSize(head, source));
}

/** Where packets end: before the table of them, or at the end of the file. */
function endOf(head: Table, start: number, length: number, refuse: Refuse): number {
  const field = head.field(1, 8);
  const at = field === undefined ? -1 : Number(head.i64(field));
  if (at < 0) return length;
  if (at < start || at > length) return refuse(`its table of packets is at byte ${at} of ${length}`, CUT);
  return at;
}

function takeEvents(packet: Uint8Array, list: EventList, refuse: Refuse): void {
  const table = tableAt(packet, 4, 'EVTS', 'a packet', refuse);
  const field = table.field(0, 4);
  if (field === undefined) return;
  const { at, count } = table.vector(field, EVENT_BYTES);
  for (let i = at; i < at + count * EVENT_BYTES; i += EVENT_BYTES) {
    const t = Number(table.i64(i));
    if (!Number.isSafeInteger(t)) refuse(`an event is at ${t} us`, CUT);
    list.add(t, table.u16(i + 8), table.u16(i + 10), table.u8(i + 12) ? 1 : 0);
  }
}

/** The sensor's size, which the header's XML gives for each stream. */
function sensorSize(head: Table, stream: number): { width?: number; height?: number } {
  const field = head.field(2, 4);
  if (field === undefined) return {};
  const xml = head.text(field);
  const from = xml.indexOf(`path="/mainloop/Recorder/outInfo/${stream}/"`);
  const part = from < 0 ? '' : xml.slice(from, from + 10_000);
  const sizes = ['sizeX', 'sizeY'].map((key) =>
    Number(new RegExp(`key="${key}"[^>]{0,99}>(\\d{1,5})<`).exec(part)?.[1]),
  );
  return sizes.every((size) => size > 0) ? { width: sizes[0]!, height: sizes[1]! } : {};
}
