import type { Refuse } from '../refusal.js';

export const DAMAGED = 'the file is cut short or damaged: fetch it again';

/** What a file of the newest form of HDF5 is to be made into. */
export const REPACK =
  'write it in the older form: h5repack --low=0 --high=0 IN.h5 OUT.h5, or h5py.File(PATH, "w", libver="earliest")';

/** Stands for an undefined address. */
export const UNDEFINED = -1;

/** The bytes of an HDF5 file, little-endian; nothing is read beyond their end. */
export class Bytes {
  private readonly view: DataView;

  constructor(
    readonly all: Uint8Array,
    readonly refuse: Refuse,
  ) {
    this.view = new DataView(all.buffer, all.byteOffset, all.byteLength);
  }

  /** Returns `at` if `bytes` bytes follow it; else refuses. */
  within(at: number, bytes: number): number {
    if (at >= 0 && bytes >= 0 && at + bytes <= this.all.length) return at;
    return this.refuse(`it points to bytes ${at}..${at + bytes} of ${this.all.length}`, DAMAGED);
  }

  u8 = (at: number): number => this.view.getUint8(this.within(at, 1));
  u16 = (at: number): number => this.view.getUint16(this.within(at, 2), true);
  u32 = (at: number): number => this.view.getUint32(this.within(at, 4), true);

  /** A length or an offset of 8 bytes. */
  length(at: number): number {
    const value = Number(this.view.getBigUint64(this.within(at, 8), true));
    return Number.isSafeInteger(value) ? value : this.refuse(`the length at byte ${at} is ${value}`, DAMAGED);
  }

  /** An address of 8 bytes; UNDEFINED where all bits are set. */
  address(at: number): number {
    return this.view.getBigUint64(this.within(at, 8), true) === 2n ** 64n - 1n ? UNDEFINED : this.length(at);
  }

  slice = (at: number, bytes: number): Uint8Array => this.all.subarray(this.within(at, bytes), at + bytes);

  /** Requires the four letters that begin a structure. */
  sign(at: number, letters: string): void {
    if (String.fromCharCode(...this.slice(at, 4)) !== letters)
      this.refuse(`${letters} expected at byte ${at}`, DAMAGED);
  }

  /** A text that ends in a zero byte. */
  text(at: number): string {
    const end = this.all.indexOf(0, this.within(at, 1));
    if (end < 0 || end - at > 1000) return this.refuse(`the name at byte ${at} does not end`, DAMAGED);
    return new TextDecoder().decode(this.all.subarray(at, end));
  }
}
