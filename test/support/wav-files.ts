export type Chunk = [id: string, data: Uint8Array, said?: number];

/** A WAV file of these chunks; odd ones are padded. */
export function riff(chunks: Chunk[], magic = 'RIFF', said?: number): Uint8Array {
  const word = (value: number) => {
    const four = Buffer.alloc(4);
    four.writeUInt32LE(value >>> 0);
    return four;
  };
  const body = Buffer.concat(
    chunks.flatMap(([id, data, size]) => [
      Buffer.from(id, 'latin1'),
      word(size ?? data.length),
      data,
      Buffer.alloc(data.length % 2),
    ]),
  );
  return new Uint8Array(
    Buffer.concat([Buffer.from(magic), word(said ?? body.length + 4), Buffer.from('WAVE'), body]),
  );
}

/** A chunk of format: tag, channels, bits of a sample, frames a second, bytes of a frame. */
export function fmt(
  tag: number,
  channels: number,
  bits: number,
  rate = 8000,
  frameBytes = (channels * bits) / 8,
): Chunk {
  const data = Buffer.alloc(16);
  data.writeUInt16LE(tag, 0);
  data.writeUInt16LE(channels, 2);
  data.writeUInt32LE(rate, 4);
  data.writeUInt32LE(rate * frameBytes, 8);
  data.writeUInt16LE(frameBytes, 12);
  data.writeUInt16LE(bits, 14);
  return ['fmt ', data];
}

/** A chunk of 16-bit samples. */
export const pcm = (...values: number[]): Chunk => ['data', new Uint8Array(Int16Array.from(values).buffer)];
