const table = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/** CRC-32 (IEEE 802.3, as in zip and zlib). `previous` continues a CRC over bytes that came before. */
export function crc32(bytes: Uint8Array, previous = 0): number {
  let c = ~previous;
  for (let i = 0; i < bytes.length; i++) c = table[(c ^ bytes[i]!) & 255]! ^ (c >>> 8);
  return ~c >>> 0;
}

/** CRC-32 of a typed array's bytes, little-endian as on every machine spikelet runs on. */
export const crcOf = (values: ArrayBufferView): number =>
  crc32(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));

export const hex32 = (crc: number): string => crc.toString(16).padStart(8, '0');
