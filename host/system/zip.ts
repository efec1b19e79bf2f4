import { inflateRawSync } from 'node:zlib';
import { crc32 } from '../../models/crc32.js';
import { SpikeletError } from '../../models/error.js';
import { printable } from './printable.js';

/**
 * The zip archives that torch.save and numpy.savez write, read by their central directory. Written here
 * because it is short, and because the libraries trust the sizes in the headers and do not check CRCs, while
 * these files may come from anyone. The entries' claimed sizes are bounded before anything is unpacked, and
 * entries are unpacked only on demand.
 */
export type ZipEntry = { name: string; size: number; read: () => Uint8Array };

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_LENGTH = 22;
const CENTRAL_LENGTH = 46;
const LOCAL_LENGTH = 30;
const MAX_COMMENT = 0xffff;

/** Weights hardly compress: an archive that unpacks to more than this is a bomb. */
const mayUnpackTo = (bytes: number): number => 2 ** 26 + 8 * bytes;

const STORED = 0;
const DEFLATE = 8;

export const isZip = (bytes: Uint8Array): boolean => bytes[0] === 0x50 && bytes[1] === 0x4b;

/**
 * The files of an archive by name. Throws a SpikeletError that begins with `label`; so may each `read`.
 * @param mostUnpacked bytes that an archive of the given size may unpack to.
 */
export function readZip(
  bytes: Uint8Array,
  label: string,
  mostUnpacked: (bytes: number) => number = mayUnpackTo,
): Map<string, ZipEntry> {
  const bad = (why: string): never => {
    throw new SpikeletError(`${label} is a damaged zip archive: ${why}`, { hint: 'is the file complete?' });
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(view) ?? bad('its central directory is missing');
  const count = view.getUint16(end + 10, true);
  const directoryLength = view.getUint32(end + 12, true);
  const directoryAt = view.getUint32(end + 16, true);
  if (count === 0xffff || directoryAt === 0xffffffff || directoryLength === 0xffffffff)
    return bad('archives of more than 4 GB or 65,534 files are not supported');
  if (
    view.getUint16(end + 4, true) ||
    view.getUint16(end + 6, true) ||
    view.getUint16(end + 8, true) !== count
  )
    return bad('it is one part of a split archive');
  if (directoryAt + directoryLength > end)
    return bad(
      `its central directory claims bytes ${directoryAt}..${directoryAt + directoryLength} of ${end}`,
    );

  const entries = new Map<string, ZipEntry>();
  let total = 0;
  let at = directoryAt;
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL_LENGTH > end || view.getUint32(at, true) !== CENTRAL)
      return bad(`central directory entry ${i} is malformed`);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((o) =>
      view.getUint16(at + o, true),
    ) as [number, number, number];
    const next = at + CENTRAL_LENGTH + nameLength + extraLength + commentLength;
    if (next > directoryAt + directoryLength) return bad(`central directory entry ${i} is cut off`);
    const name = new TextDecoder().decode(
      bytes.subarray(at + CENTRAL_LENGTH, at + CENTRAL_LENGTH + nameLength),
    );
    const header: Header = {
      name,
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    };
    if (entries.has(name)) return bad(`it holds '${printable(name)}' twice`);
    total += header.size;
    entries.set(name, {
      name,
      size: header.size,
      read: () => unpack(bytes, view, directoryAt, header, bad),
    });
    at = next;
  }
  if (total > mostUnpacked(bytes.length))
    throw new SpikeletError(`${label}: ${bytes.length} bytes claim to unpack to ${total}`, {
      hint: 'such files do not compress that well: it is damaged or meant to fill the memory',
    });
  return entries;
}

type Header = {
  name: string;
  flags: number;
  method: number;
  crc: number;
  packed: number;
  size: number;
  offset: number;
};

/** The directory's end record: the last one whose comment reaches exactly to the end of the file. */
function findEnd(view: DataView): number | undefined {
  const last = view.byteLength - END_LENGTH;
  for (let at = last; at >= Math.max(0, last - MAX_COMMENT); at--)
    if (
      view.getUint32(at, true) === END &&
      at + END_LENGTH + view.getUint16(at + 20, true) === view.byteLength
    )
      return at;
  return undefined;
}

function unpack(
  bytes: Uint8Array,
  view: DataView,
  limit: number,
  { name, flags, method, crc, packed, size, offset }: Header,
  bad: (why: string) => never,
): Uint8Array {
  const what = `'${printable(name)}'`;
  if (flags & 1) return bad(`${what} is encrypted`);
  if (offset + LOCAL_LENGTH > limit || view.getUint32(offset, true) !== LOCAL)
    return bad(`${what} is not at byte ${offset}`);
  const from = offset + LOCAL_LENGTH + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  if (from + packed > limit) return bad(`${what} claims bytes ${from}..${from + packed} of ${limit}`);
  const raw = bytes.subarray(from, from + packed);
  const data = method === STORED ? raw : method === DEFLATE ? inflate(raw, size) : undefined;
  if (!data) return bad(`${what} cannot be unpacked (method ${method})`);
  if (data.length !== size) return bad(`${what} holds ${data.length} bytes but claims ${size}`);
  if (crc32(data) !== crc) return bad(`the checksum of ${what} is wrong`);
  return data;
}

/** At most `size` bytes; undefined if the data is not a deflate stream or holds more. */
function inflate(raw: Uint8Array, size: number): Uint8Array | undefined {
  try {
    return inflateRawSync(raw, { maxOutputLength: Math.max(1, size) });
  } catch {
    return undefined;
  }
}
