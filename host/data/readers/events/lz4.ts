import type { Refuse } from '../../../system/refusal.js';
import { CUT } from './events.js';

const MAGIC = 0x184d2204;
const MIN_MATCH = 4;

/** Bytes that grow as they are unpacked, to a limit. */
class Output {
  bytes = new Uint8Array(2 ** 16);
  length = 0;
  constructor(
    private readonly most: number,
    private readonly bad: (why: string) => never,
  ) {}

  /** Makes room for `more` bytes. */
  reserve(more: number): void {
    const needed = this.length + more;
    if (needed > this.most) this.bad(`unpacks to more than ${this.most} bytes`);
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }
}

/**
 * Unpacks one LZ4 frame (lz4_Frame_format.md 1.6). Its checksums are checked where it has them. Own code, because it is
 * short and because the npm libraries check neither sizes nor checksums.
 */
export function unpackLz4(bytes: Uint8Array, most: number, refuse: Refuse): Uint8Array {
  const bad = (why: string): never => refuse(`a packet of LZ4 ${why}`, CUT);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 7 || view.getUint32(0, true) !== MAGIC) return bad('does not begin as a frame');
  const flags = bytes[4]!;
  const has = (bit: number) => (flags >> bit) & 1;
  const head = 6 + 8 * has(3) + 4 * has(0);
  if (flags >> 6 !== 1 || has(0)) return bad('is of a version or with a dictionary that is not read');
  if (bytes.length < head + 1 || bytes[head] !== ((xxh32(bytes.subarray(4, head)) >>> 8) & 255))
    return bad('has a damaged head');
  const out = new Output(most, bad);
  let at = head + 1;
  for (;;) {
    if (at + 4 > bytes.length) return bad('is cut short');
    const said = view.getUint32(at, true);
    at += 4;
    if (said === 0) break;
    const size = said & 0x7fffffff;
    const block = bytes.subarray(at, at + size);
    if (block.length < size) return bad('is cut short');
    if (said >>> 31) copyInto(out, block);
    else unpackBlock(block, out, bad);
    at += size;
    if (has(4) && (at + 4 > bytes.length || view.getUint32(at, true) !== xxh32(block)))
      return bad('has a wrong checksum');
    at += 4 * has(4);
  }
  const content = out.bytes.subarray(0, out.length);
  if (has(3) && view.getBigUint64(6, true) !== BigInt(content.length))
    return bad('is of another size than it says');
  if (has(2) && (at + 4 > bytes.length || view.getUint32(at, true) !== xxh32(content)))
    return bad('has a wrong checksum');
  return content;
}

function copyInto(out: Output, bytes: Uint8Array): void {
  out.reserve(bytes.length);
  out.bytes.set(bytes, out.length);
  out.length += bytes.length;
}

/** A block: sequences of a token, literals, and a match: where earlier bytes are repeated. */
function unpackBlock(block: Uint8Array, out: Output, bad: (why: string) => never): void {
  let at = 0;
  const length = (nibble: number): number => {
    let sum = nibble;
    if (nibble === 15)
      for (;;) {
        if (at >= block.length) bad('is cut short');
        const more = block[at++]!;
        sum += more;
        if (more !== 255) break;
      }
    return sum;
  };
  while (at < block.length) {
    const token = block[at++]!;
    const literals = length(token >> 4);
    if (literals > block.length - at) bad('is cut short');
    copyInto(out, block.subarray(at, at + literals));
    at += literals;
    if (at === block.length) return;
    if (at + 2 > block.length) bad('is cut short');
    const back = block[at]! | (block[at + 1]! << 8);
    at += 2;
    const count = MIN_MATCH + length(token & 15);
    if (back === 0 || back > out.length) bad('repeats what it does not hold');
    out.reserve(count);
    const { bytes } = out;
    for (let end = out.length + count; out.length < end; out.length++)
      bytes[out.length] = bytes[out.length - back]!;
  }
}

const P1 = 0x9e3779b1;
const P2 = 0x85ebca77;
const P3 = 0xc2b2ae3d;
const P4 = 0x27d4eb2f;
const P5 = 0x165667b1;

const rotated = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

/** XXH32 with seed 0 (xxhash_spec.md), the checksum of LZ4. */
export function xxh32(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let hash = P5;
  if (bytes.length >= 16) {
    const lanes = [P1 + P2, P2, 0, -P1].map((value) => value | 0);
    for (; at + 16 <= bytes.length; at += 16)
      for (let lane = 0; lane < 4; lane++) {
        const sum = lanes[lane]! + Math.imul(view.getUint32(at + 4 * lane, true), P2);
        lanes[lane] = Math.imul(rotated(sum | 0, 13), P1);
      }
    hash = [1, 7, 12, 18].reduce((sum, by, lane) => (sum + rotated(lanes[lane]!, by)) | 0, 0);
  }
  hash = (hash + bytes.length) | 0;
  for (; at + 4 <= bytes.length; at += 4)
    hash = Math.imul(rotated((hash + Math.imul(view.getUint32(at, true), P3)) | 0, 17), P4);
  for (; at < bytes.length; at++) hash = Math.imul(rotated((hash + Math.imul(bytes[at]!, P5)) | 0, 11), P1);
  hash = Math.imul(hash ^ (hash >>> 15), P2);
  hash = Math.imul(hash ^ (hash >>> 13), P3);
  return (hash ^ (hash >>> 16)) >>> 0;
}
