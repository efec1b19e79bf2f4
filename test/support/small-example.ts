import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { type Net, writeNet } from '../../models/index.js';
import { zooNet } from './nets.js';
import { below, seeded } from './random-graph.js';

/**
 * Files with which every verb does something within a second: a Net, an IDX folder and images of three
 * classes.
 */
const SIDE = 12;
const CLASSES = 3;

/** Stripes as wide as the class says, with noise. */
function picture(label: number, n: number): Uint8Array {
  const random = seeded(1000 * label + n);
  return Uint8Array.from({ length: SIDE * SIDE }, (_, i) =>
    Math.floor((i % SIDE) / (label + 1)) % 2 ? 200 + below(random, 56) : below(random, 56),
  );
}

function idx(sizes: number[], data: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(4 + 4 * sizes.length));
  head.setUint8(2, 8);
  head.setUint8(3, sizes.length);
  for (const [i, size] of sizes.entries()) head.setUint32(4 + 4 * i, size);
  return Buffer.concat([new Uint8Array(head.buffer), data]);
}

/** A Net of random weights, so large that its neurons fire. */
function firingNet(): Net {
  const net = zooNet('mini', [SIDE, SIDE, 1], CLASSES, { widths: [4, 8] });
  for (const { shape, data } of net.params.values())
    if (shape.length === 4) for (let i = 0; i < data.length; i++) (data as Float32Array)[i]! *= 6;
  return net;
}

/** Writes net.safetensors, data/ (IDX) and images/ (one PNG per picture) into a folder. */
export async function writeExample(folder: string, pictures = 30): Promise<void> {
  await mkdir(join(folder, 'data'), { recursive: true });
  await mkdir(join(folder, 'images'), { recursive: true });
  await writeFile(join(folder, 'net.safetensors'), writeNet(firingNet()));
  for (const [split, first] of [
    ['train', 0],
    ['t10k', 500],
  ] as const) {
    const labels = Uint8Array.from({ length: pictures }, (_, i) => i % CLASSES);
    const images = Buffer.concat([...labels].map((label, i) => picture(label, first + i)));
    await writeFile(join(folder, `data/${split}-images-idx3-ubyte`), idx([pictures, SIDE, SIDE], images));
    await writeFile(join(folder, `data/${split}-labels-idx1-ubyte`), idx([pictures], labels));
  }
  for (let i = 0; i < pictures; i++)
    await sharp(picture(i % CLASSES, i), { raw: { width: SIDE, height: SIDE, channels: 1 } })
      .png()
      .toFile(join(folder, `images/${String(i).padStart(4, '0')}.png`));
}
