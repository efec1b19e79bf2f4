import { xxh32 } from '../../host/data/readers/events/lz4.js';

/** An event: microseconds, column, row, polarity. */
export type Row = [t: number, x: number, y: number, p: number];

/** Three hundred events on 34x34 pixels. */
export const someEvents: Row[] = Array.from({ length: 300 }, (_, i) => [
  1000 * i,
  i % 34,
  (i * 7) % 34,
  i % 2,
]);

/** Events as N-MNIST has them. */
export const nmnist = (...rows: Row[]) =>
  Uint8Array.from(rows.flatMap(([t, x, y, p]) => [x, y, (p << 7) | (t >> 16), (t >> 8) & 255, t & 255]));

/** Little-endian words of 2 or 4 bytes. */
export const words = (bytes: 2 | 4, ...values: number[]): Buffer => {
  const all = Buffer.alloc(bytes * values.length);
  for (const [i, value] of values.entries())
    if (bytes === 2) all.writeUInt16LE(value, 2 * i);
    else all.writeUInt32LE(value >>> 0, 4 * i);
  return all;
};
/** Lines of text, then data. */
export const raw = (head: string, data: Buffer) => new Uint8Array(Buffer.concat([Buffer.from(head), data]));

/** An AEDAT 4 of these events, whose packet went through `pack`. */
export function aedat4(
  rows: Row[],
  compression: number,
  pack: (packet: Uint8Array) => Uint8Array,
  stream = 0,
): Uint8Array {
  const head = words(4, 20, 0, 0x0014000a, 0x00080004, 0, 12, compression, 2 ** 32 - 1, 2 ** 32 - 1, 0);
  head.write('IOHE', 4);
  const bytes = 32 + 16 * rows.length;
  const front = words(4, bytes - 4, 16, 0, 0x00080006, 4, 8, 4, rows.length);
  const packet = Buffer.concat([front, Buffer.alloc(16 * rows.length)]);
  packet.write('EVTS', 8);
  rows.forEach(([t, x, y, p], i) => {
    packet.writeBigInt64LE(BigInt(t), 32 + 16 * i);
    packet.writeUInt16LE(x, 40 + 16 * i);
    packet.writeUInt16LE(y, 42 + 16 * i);
    packet[44 + 16 * i] = p;
  });
  const body = pack(new Uint8Array(packet));
  return new Uint8Array(
    Buffer.concat([
      Buffer.from('#!AER-DAT4.0\r\n'),
      words(4, head.length),
      head,
      words(4, stream, body.length),
      body,
    ]),
  );
}

/** A frame of LZ4 whose only block is this. */
export function frame(block: Buffer, { stored = false, flags = 0x60, damage = 0 } = {}): Uint8Array {
  const head = Buffer.of(flags, 0x40);
  const check = Buffer.of(((xxh32(head) >>> 8) & 255) ^ damage);
  return new Uint8Array(
    Buffer.concat([
      ...[
        words(4, 0x184d2204),
        head,
        check,
        words(4, block.length + (stored ? 2 ** 31 : 0)),
        block,
        words(4, 0),
      ],
    ]),
  );
}
