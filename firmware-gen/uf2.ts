/** Bytes of a block, and of the program in it. */
const BLOCK = 512;
const PAYLOAD = 256;
const START = [0x0a324655, 0x9e5d5157];
const END = 0x0ab16f30;
const HAS_FAMILY = 0x2000;

/** A program as a UF2 file (github.com/microsoft/uf2): each block says where its 256 bytes go. */
export function uf2(program: Uint8Array, address: number, family: number): Uint8Array {
  const blocks = Math.ceil(program.length / PAYLOAD);
  const file = new Uint8Array(blocks * BLOCK);
  for (let i = 0; i < blocks; i++) {
    const words = new DataView(file.buffer, i * BLOCK, BLOCK);
    const header = [...START, HAS_FAMILY, address + i * PAYLOAD, PAYLOAD, i, blocks, family];
    for (const [at, number] of header.entries()) words.setUint32(4 * at, number, true);
    file.set(program.subarray(i * PAYLOAD, (i + 1) * PAYLOAD), i * BLOCK + 4 * header.length);
    words.setUint32(BLOCK - 4, END, true);
  }
  return file;
}
