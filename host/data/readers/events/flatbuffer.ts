import type { Refuse } from '../../../system/refusal.js';
import { CUT } from './events.js';

/** A table of a flatbuffer (flatbuffers.dev/internals); whatever it points to is checked to be within the bytes. */
export class Table {
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly at: number,
    private readonly what: string,
    private readonly refuse: Refuse,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  private within(at: number, bytes: number): number {
    if (at < 0 || at + bytes > this.bytes.length) this.refuse(`${this.what} points beyond its end`, CUT);
    return at;
  }

  u8 = (at: number): number => this.view.getUint8(this.within(at, 1));
  u16 = (at: number): number => this.view.getUint16(this.within(at, 2), true);
  u32 = (at: number): number => this.view.getUint32(this.within(at, 4), true);
  i32 = (at: number): number => this.view.getInt32(this.within(at, 4), true);
  i64 = (at: number): bigint => this.view.getBigInt64(this.within(at, 8), true);

  /** Position of field `index`, which takes `bytes`; undefined if the table lacks it. */
  field(index: number, bytes: number): number | undefined {
    const slots = this.at - this.i32(this.at);
    const slot = 4 + 2 * index;
    if (slot + 2 > this.u16(slots)) return undefined;
    const offset = this.u16(slots + slot);
    return offset ? this.within(this.at + offset, bytes) : undefined;
  }

  /** The vector that the field at `field` points to. */
  vector(field: number, each: number): { at: number; count: number } {
    const from = field + this.u32(field);
    const count = this.u32(from);
    return { at: this.within(from + 4, count * each), count };
  }

  text(field: number): string {
    const { at, count } = this.vector(field, 1);
    return new TextDecoder('latin1').decode(this.bytes.subarray(at, at + count));
  }
}

/** The root table at byte `at`, where its identifier is `id`. */
export function tableAt(bytes: Uint8Array, at: number, id: string, what: string, refuse: Refuse): Table {
  if (bytes.length < at + 8 || String.fromCharCode(...bytes.subarray(at + 4, at + 8)) !== id)
    return refuse(`${what} is not of kind ${id}`, CUT);
  const root = at + new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
  return new Table(bytes, root, what, refuse);
}
