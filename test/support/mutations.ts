import fc from 'fast-check';
import { SpikeletError } from '../../models/index.js';

/** One change to the bytes of a file; places are taken modulo its length. */
export type Edit =
  | { kind: 'byte'; at: number; value: number }
  | { kind: 'word'; at: number; value: bigint; bytes: 2 | 4 | 8 }
  | { kind: 'cut'; at: number }
  | { kind: 'delete'; at: number; length: number }
  | { kind: 'insert'; at: number; bytes: Uint8Array }
  | { kind: 'copy'; at: number; to: number; length: number };

const at = fc.nat({ max: 2 ** 31 - 1 });
const length = fc.integer({ min: 1, max: 40 });

/** Bytes that mean something in JSON and in pickles, or sit at the edge of their range. */
const tellingBytes = fc.constantFrom(
  ...[0, 1, 2, 0x7f, 0x80, 0x81, 0x85, 0x88, 0x8a, 0x8b, 0x8d, 0x93, 0x94, 0xff],
  ...[...'0123456789-.eE"{}[],:()tuQRbcisXBTqhrj]'].map((c) => c.charCodeAt(0)),
);
const tellingWords = fc.constantFrom(
  ...[0n, 1n, 255n, 0x7fffn, 0xffffn, 0x7fffffffn, 0x80000000n, 0xfffffffen, 0xffffffffn],
  ...[2n ** 53n, 2n ** 63n - 1n, 2n ** 64n - 1n],
);

const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({
    kind: fc.constant('byte' as const),
    at,
    value: fc.oneof(tellingBytes, fc.nat({ max: 255 })),
  }),
  fc.record({
    kind: fc.constant('word' as const),
    at,
    value: fc.oneof(tellingWords, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
    bytes: fc.constantFrom(2 as const, 4 as const, 8 as const),
  }),
  fc.record({ kind: fc.constant('cut' as const), at }),
  fc.record({ kind: fc.constant('delete' as const), at, length }),
  fc.record({
    kind: fc.constant('insert' as const),
    at,
    bytes: fc.uint8Array({ minLength: 1, maxLength: 24 }),
  }),
  fc.record({ kind: fc.constant('copy' as const), at, to: at, length }),
);

export const edits = fc.array(edit, { minLength: 1, maxLength: 6 });

export function mutated(original: Uint8Array, changes: Edit[]): Uint8Array {
  let bytes: Uint8Array = original.slice();
  for (const change of changes) {
    const place = bytes.length ? change.at % bytes.length : 0;
    const spliced = (from: number, remove: number, insert: Uint8Array) =>
      new Uint8Array(Buffer.concat([bytes.subarray(0, from), insert, bytes.subarray(from + remove)]));
    switch (change.kind) {
      case 'byte':
        bytes[place] = change.value;
        break;
      case 'word':
        for (let i = 0; i < change.bytes && place + i < bytes.length; i++)
          bytes[place + i] = Number((change.value >> BigInt(8 * i)) & 255n);
        break;
      case 'cut':
        bytes = bytes.slice(0, place);
        break;
      case 'delete':
        bytes = spliced(place, change.length, new Uint8Array());
        break;
      case 'insert':
        bytes = spliced(place, 0, change.bytes);
        break;
      case 'copy':
        bytes = spliced(
          bytes.length ? change.to % bytes.length : 0,
          0,
          bytes.slice(place, place + change.length),
        );
    }
  }
  return bytes;
}

/**
 * What ends a read that hangs: seconds of this process's own work, which a busy machine does not lengthen.
 */
const HANG_SECONDS = 60;

/**
 * Whether a reader took the file or refused it with a SpikeletError. Anything else that it throws, and a
 * read that all but hangs, fails the test.
 */
export function survives(read: () => unknown): 'read' | 'refused' {
  const start = process.cpuUsage();
  let outcome: 'read' | 'refused' = 'read';
  try {
    read();
  } catch (error) {
    if (!(error instanceof SpikeletError)) throw error;
    outcome = 'refused';
  }
  const { user, system } = process.cpuUsage(start);
  const seconds = (user + system) / 1e6;
  if (seconds > HANG_SECONDS) throw new Error(`one file took ${seconds.toFixed(0)} s of computing`);
  return outcome;
}

/** Runs `body` and returns by how many bytes the process's largest memory grew. */
export function growth(body: () => void): number {
  const before = process.resourceUsage().maxRSS;
  body();
  return 1024 * (process.resourceUsage().maxRSS - before);
}
