import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { parseIdx, readIdxFolder } from '../../host/data/idx.js';
import { readNetImage } from '../../host/data/index.js';
import { readLabels } from '../../host/data/labels.js';
import { evaluateFolder } from '../../host/run/evaluate-folder.js';
import type { Runner } from '../../host/run/open-model.js';
import { crc32, type Shape } from '../../models/index.js';
import { below, pick, type Random, seeded } from '../support/random-graph.js';
import { damaged, hostileJson, spliced } from './mutate.js';
import type { Reader } from './reader.js';

/** Data: IDX, image files, labels, results of a folder that is run. */
const bytesOf = (length: number): Uint8Array => {
  const random = seeded(length);
  return Uint8Array.from({ length }, () => below(random, 256));
};

/** An IDX file; `sizes` may lie about the data. */
function idx(rank: number, sizes: number[], data: Uint8Array, type = 8): Uint8Array {
  const head = new DataView(new ArrayBuffer(4 + 4 * sizes.length));
  head.setUint8(2, type);
  head.setUint8(3, rank);
  for (const [i, size] of sizes.entries()) head.setUint32(4 + 4 * i, size);
  return new Uint8Array(Buffer.concat([new Uint8Array(head.buffer), data]));
}

const images = idx(3, [12, 4, 4], bytesOf(192));
const labels = idx(
  1,
  [12],
  Uint8Array.from({ length: 12 }, (_, i) => i % 3),
);
const sizes = [0, 1, 4, 12, 255, 65535, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];

function hostileIdx(random: Random): Uint8Array {
  if (below(random, 2)) return damaged(pick(random, [images, labels]), random);
  const rank = pick(random, [0, 1, 2, 3, 4, 255]);
  const said = Array.from({ length: Math.min(rank, 5) }, () => pick(random, sizes));
  const length = pick(random, [0, 1, 12, 192, below(random, 300)]);
  return idx(rank, said, bytesOf(length), pick(random, [8, 8, 8, 9, 13, 14, 0]));
}

function hostileGzip(random: Random): Uint8Array {
  const content = below(random, 4)
    ? hostileIdx(random)
    : idx(3, [pick(random, sizes), 28, 28], new Uint8Array(1 << pick(random, [10, 16, 22])));
  const whole = gzipSync(content, { level: 1 });
  return below(random, 2) ? whole : damaged(whole, random);
}

const readIdx = (bytes: Uint8Array) => {
  const { shape, data } = parseIdx(bytes, 'f', bytes[3] === 1 ? 1 : 3);
  return `${shape} ${crc32(data)}`;
};

const idxReader = (name: string, parts: number, input: (random: Random) => Uint8Array): Reader => ({
  name,
  parts,
  open: async () => ({ input, read: readIdx }),
});

const IDX_NAMES = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
];

/** Four files, one of which is hostile. */
const idxFolders: Reader = {
  name: 'IDX folders',
  parts: 2,
  async open(folder) {
    const place = join(folder, 'idx');
    mkdirSync(place, { recursive: true });
    return {
      input: (random) => {
        const which = below(random, 4);
        const bytes = below(random, 2) ? hostileIdx(random) : hostileGzip(random);
        return new Uint8Array(Buffer.concat([Uint8Array.of(which), bytes]));
      },
      async read(bytes) {
        for (const [i, name] of IDX_NAMES.entries())
          writeFileSync(join(place, name), i === bytes[0] ? bytes.subarray(1) : i % 2 ? labels : images);
        const { train, classes } = await readIdxFolder(place, { name: 'idx' });
        return `${train.count} ${classes}`;
      },
    };
  },
};

/** Replaces the size that a PNG, JPEG or WebP says it has, checksums included. */
function resized(bytes: Uint8Array, random: Random): Uint8Array {
  const changed = Buffer.from(bytes);
  const size = () =>
    pick(random, [0, 1, 2, 100, 8191, 8192, 16383, 65535, 2 ** 24, 2 ** 31 - 1, 2 ** 32 - 1]);
  if (bytes[0] === 0x89) {
    changed.writeUInt32BE(size(), 16);
    if (below(random, 2)) changed.writeUInt32BE(size(), 20);
    changed[24] = pick(random, [1, 2, 4, 8, 16, 32]);
    changed[25] = pick(random, [0, 2, 3, 4, 6, 7]);
    changed.writeUInt32BE(crc32(changed.subarray(12, 29)), 29);
  } else if (bytes[0] === 0xff) {
    const frame = changed.findIndex((byte, i) => byte === 0xff && (changed[i + 1]! & 0xfc) === 0xc0 && i > 2);
    if (frame > 0 && frame + 10 < changed.length) {
      changed.writeUInt16BE(size() & 0xffff, frame + 5);
      changed.writeUInt16BE(size() & 0xffff, frame + 7);
      changed[frame + 9] = pick(random, [0, 1, 3, 4, 255]);
    }
  } else if (changed.length > 30) {
    changed.writeUInt16LE(size() & 0xffff, 26);
    changed.writeUInt16LE(size() & 0xffff, 28);
  }
  return new Uint8Array(changed);
}

/** A PNG with one chunk more, damaged chunks keep a right checksum. */
function rechunked(bytes: Uint8Array, random: Random): Uint8Array {
  const chunks: { type: Buffer; data: Buffer }[] = [];
  const all = Buffer.from(bytes);
  for (let at = 8; at + 12 <= all.length; ) {
    const length = all.readUInt32BE(at);
    chunks.push({ type: all.subarray(at + 4, at + 8), data: all.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  const at = below(random, chunks.length);
  const chunk = chunks[at]!;
  const extra = () => ({
    type: Buffer.from(
      pick(random, ['iCCP', 'zTXt', 'tEXt', 'eXIf', 'IDAT', 'PLTE', 'tRNS', 'acTL', 'IHDR', 'IEND']),
    ),
    data: Buffer.from(damaged(gzipSync(new Uint8Array(1 << pick(random, [8, 20]))), random)),
  });
  if (below(random, 2)) chunks[at] = { type: chunk.type, data: Buffer.from(damaged(chunk.data, random)) };
  else chunks.splice(at, below(random, 2), below(random, 2) ? extra() : chunk);
  const word = (value: number) => {
    const four = Buffer.alloc(4);
    four.writeUInt32BE(value >>> 0);
    return four;
  };
  const written = chunks.flatMap(({ type, data }) => [
    word(data.length),
    type,
    data,
    word(crc32(Buffer.concat([type, data]))),
  ]);
  return new Uint8Array(Buffer.concat([all.subarray(0, 8), ...written]));
}

const svgs = [
  '<svg xmlns="http://www.w3.org/2000/svg" width="28" height="28"><rect width="9" height="9"/></svg>',
  '<svg xmlns="http://www.w3.org/2000/svg" width="60000" height="60000"><rect width="9" height="9"/></svg>',
  '<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg" width="28" height="28"><text>&b;&b;&b;</text></svg>',
  '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="28" height="28"><image width="28" height="28" xlink:href="file:///etc/passwd"/></svg>',
].map((text) => new Uint8Array(Buffer.from(text)));

const SHAPES: Shape[] = [
  [28, 28, 1],
  [32, 32, 3],
  [224, 224, 3],
];

const imageFiles: Reader = {
  name: 'image files',
  parts: 6,
  async open(folder) {
    // As many threads as a net's own image needs; libvips' own would only wait for cores here.
    sharp.concurrency(1);
    const raw = (width: number, height: number, channels: 1 | 3 | 4) =>
      sharp(bytesOf(width * height * channels), { raw: { width, height, channels } });
    const files = await Promise.all([
      raw(28, 28, 1).png().toBuffer(),
      raw(33, 20, 4).png().toBuffer(),
      raw(40, 30, 3).png({ palette: true }).toBuffer(),
      raw(16, 16, 3).toColourspace('rgb16').png().toBuffer(),
      raw(28, 28, 3).jpeg().toBuffer(),
      raw(64, 48, 3).jpeg({ progressive: true }).withMetadata({ orientation: 6 }).toBuffer(),
      raw(32, 32, 3).toColourspace('cmyk').jpeg().toBuffer(),
      raw(28, 28, 3).webp().toBuffer(),
      raw(31, 17, 4).webp({ lossless: true }).toBuffer(),
    ]);
    const others = await Promise.all([
      raw(28, 28, 3).tiff().toBuffer(),
      raw(28, 28, 3).gif().toBuffer(),
      raw(28, 28, 3).avif().toBuffer(),
    ]);
    const known = files.map((file) => new Uint8Array(file));
    const disguised = [
      ...svgs,
      ...others.map((file) => new Uint8Array(file)),
      new Uint8Array(Buffer.from('%PDF-1.7\n')),
    ];
    const path = join(folder, 'image.png');
    return {
      input: (random) => {
        const file = pick(random, known);
        const shape = below(random, SHAPES.length);
        const made = () => {
          switch (below(random, 10)) {
            case 0:
              return below(random, 2) ? pick(random, disguised) : damaged(pick(random, disguised), random);
            case 1:
              return spliced(known, random);
            case 2:
            case 3:
              return resized(file, random);
            case 4:
            case 5:
              return rechunked(pick(random, known.slice(0, 4)), random);
            default:
              return damaged(file, random);
          }
        };
        return new Uint8Array(Buffer.concat([Uint8Array.of(shape), made()]));
      },
      async read(bytes) {
        writeFileSync(path, bytes.subarray(1));
        return crc32(await readNetImage(path, SHAPES[bytes[0]!]!));
      },
    };
  },
};

const labelFiles: Reader = {
  name: 'label files',
  parts: 2,
  async open(folder) {
    const path = join(folder, 'labels.txt');
    const lines = Array.from({ length: 40 }, (_, i) =>
      i % 2 ? `class ${i}` : `n${10_000_000 + i} class ${i}`,
    );
    const texts = [lines.join('\n'), lines.join('\r\n'), '\ufeffcat\ndog\n', ''].map((text) =>
      Buffer.from(text),
    );
    return {
      input: (random) =>
        below(random, 20)
          ? damaged(new Uint8Array(pick(random, texts)), random)
          : new Uint8Array(
              Buffer.from(pick(random, ['x', '\n', 'a\n', '\0']).repeat(1 << pick(random, [10, 20]))),
            ),
      async read(bytes) {
        writeFileSync(path, bytes);
        return JSON.stringify(await readLabels(path));
      },
    };
  },
};

const runner: Runner = {
  kind: 'wasm',
  name: 'net',
  shape: [28, 28, 1],
  classes: ['a', 'b', 'c'],
  crc: 1,
  logits: () => new Float64Array(3),
};

const resultFiles: Reader = {
  name: 'results files',
  parts: 2,
  async open(folder) {
    const path = join(folder, 'results.jsonl');
    const line = (i: number) => ({
      path: `images/${i}.png`,
      label: i % 3 || null,
      top5: [i % 3, (i + 1) % 3],
    });
    const lines = Array.from({ length: 20 }, (_, i) => JSON.stringify(line(i)));
    const whole = new Uint8Array(Buffer.from(`${lines.join('\n')}\n`));
    return {
      input: (random) => {
        if (below(random, 2)) return damaged(whole, random);
        const changed = [...lines];
        changed[below(random, lines.length)] = hostileJson(line(3), random);
        return new Uint8Array(Buffer.from(`${changed.join('\n')}\n`));
      },
      async read(bytes) {
        writeFileSync(path, bytes);
        return JSON.stringify(await evaluateFolder(runner, [], path, { onProgress: () => undefined }));
      },
    };
  },
};

export const dataReaders: Reader[] = [
  idxReader('IDX', 5, hostileIdx),
  idxReader('IDX in gzip', 5, hostileGzip),
  idxFolders,
  imageFiles,
  labelFiles,
  resultFiles,
];
