import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readImage, readImageEval } from '../host/data/image.js';
import { type Shape, SpikeletError } from '../models/index.js';

let folder = '';
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spikelet-image-'));
});
test.after(() => rm(folder, { recursive: true, force: true }));

/** A colourful 40x30 picture. */
const raw = Uint8Array.from({ length: 40 * 30 * 3 }, (_, i) => {
  const [x, y, c] = [((i / 3) | 0) % 40, (i / 120) | 0, i % 3];
  return c === 0 ? x * 6 : c === 1 ? y * 8 : 128;
});
const picture = () => sharp(raw, { raw: { width: 40, height: 30, channels: 3 } });
const SHAPE: Shape = [30, 40, 3];

const at = (name: string) => join(folder, name);
async function write(name: string, bytes: Uint8Array | Promise<Uint8Array>): Promise<string> {
  await writeFile(at(name), await bytes);
  return at(name);
}

async function refusal(run: Promise<unknown>): Promise<string> {
  const error = await run.then(
    () => undefined,
    (error) => error,
  );
  assert.instance(error, SpikeletError, String(error?.stack ?? 'nothing was refused'));
  assert.ok(error.hint);
  assert.not.match(error.message, /\n/);
  return error.message;
}

const furthest = (a: Uint8Array, b: Uint8Array) => {
  assert.is(a.length, b.length);
  return a.reduce((max, value, i) => Math.max(max, Math.abs(value - b[i]!)), 0);
};

test('PNG of the right size comes through unchanged; JPEG and WebP come close', async () => {
  assert.equal(await readImage(await write('a.png', picture().png().toBuffer()), SHAPE), raw);
  assert.equal(
    await readImage(await write('l.webp', picture().webp({ lossless: true }).toBuffer()), SHAPE),
    raw,
  );
  const jpeg = await write('a.jpg', picture().jpeg({ quality: 98, chromaSubsampling: '4:4:4' }).toBuffer());
  assert.ok(furthest(await readImage(jpeg, SHAPE), raw) <= 6);
  const webp = await write('a.webp', picture().webp({ quality: 98 }).toBuffer());
  assert.ok(furthest(await readImage(webp, SHAPE), raw) <= 30);
});

test('one channel is grey, and grey fills three', async () => {
  const grey = Uint8Array.from({ length: 28 * 28 }, (_, i) => i % 256);
  const file = await write(
    'grey.png',
    sharp(grey, { raw: { width: 28, height: 28, channels: 1 } })
      .png()
      .toBuffer(),
  );
  assert.equal(await readImage(file, [28, 28, 1]), grey);
  const rgb = await readImage(file, [28, 28, 3]);
  assert.equal(
    rgb.filter((_, i) => i % 3 === 1),
    grey,
  );
  const colour = await readImage(await write('c.png', picture().png().toBuffer()), [30, 40, 1]);
  // sRGB (0, 0, 128) to (234, 232, 128): dark blue to pale yellow.
  assert.ok(colour[0]! < 50 && colour[colour.length - 1]! > 200, `${colour[0]} ${colour[colour.length - 1]}`);
});

test('another size is resized to exactly the shape', async () => {
  const file = await write('b.png', picture().png().toBuffer());
  for (const shape of [
    [15, 20, 3],
    [64, 64, 3],
    [1, 1, 1],
    [28, 28, 1],
  ] as Shape[])
    assert.is((await readImage(file, shape)).length, shape[0] * shape[1] * shape[2]);
  const half = await readImage(file, [15, 20, 3]);
  const middle = half.subarray((7 * 20 + 10) * 3, (7 * 20 + 10) * 3 + 3);
  assert.ok(furthest(middle, Uint8Array.of(123, 116, 128)) <= 1, String(middle));
});

test('transparency lies on white, EXIF orientation is applied, 16 bits and palettes become 8', async () => {
  const clear = sharp({
    create: { width: 4, height: 4, channels: 4, background: { r: 9, g: 9, b: 9, alpha: 0 } },
  });
  const white = await readImage(await write('t.png', clear.png().toBuffer()), [4, 4, 3]);
  assert.equal([...new Set(white)], [255]);
  const turned = await write('o.png', picture().withMetadata({ orientation: 6 }).png().toBuffer());
  const upright = await readImage(turned, [40, 30, 3]);
  assert.equal([...upright.subarray(29 * 3, 30 * 3)], [0, 0, 128], 'the upper left corner lies upper right');
  const deep = await write('16.png', picture().toColourspace('rgb16').png().toBuffer());
  assert.is((await sharp(deep).metadata()).depth, 'ushort');
  assert.ok(furthest(await readImage(deep, SHAPE), raw) <= 1);
  const palette = await write('p.png', picture().png({ palette: true }).toBuffer());
  assert.is((await readImage(palette, SHAPE)).length, raw.length);
});

test('a CMYK JPEG is converted to sRGB', async () => {
  const file = await write('cmyk.jpg', picture().toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer());
  assert.is((await sharp(file).metadata()).space, 'cmyk');
  const pixels = await readImage(file, SHAPE);
  // The corner is dark blue in any colour space; a CMYK read as RGB would be bright there.
  assert.ok(pixels[0]! < 90 && pixels[1]! < 90 && pixels[2]! > 70, String(pixels.subarray(0, 3)));
  assert.is((await readImage(file, [30, 40, 1])).length, 1200);
});

test('a 1x1 image is a result', async () => {
  const dot = sharp({ create: { width: 1, height: 1, channels: 3, background: '#102030' } });
  const file = await write('1.png', dot.png().toBuffer());
  const pixels = await readImage(file, [28, 28, 3]);
  assert.equal([...new Set(pixels)], [0x10, 0x20, 0x30]);
  assert.equal([...new Set(await readImageEval(file))], [0x10, 0x20, 0x30]);
});

test('20,000x20,000 is refused before it is decoded, and a long strip before it is blown up', async () => {
  const huge = await write('huge.png', hugePng(20_000, 20_000));
  const before = process.memoryUsage().rss;
  assert.match(await refusal(readImage(huge, [28, 28, 1])), /20000x20000 pixels, the limit is 67108864/);
  assert.match(await refusal(readImageEval(huge)), /20000x20000 pixels/);
  assert.ok(process.memoryUsage().rss - before < 100e6, 'memory was taken');
  const strip = sharp({ create: { width: 300_000, height: 1, channels: 3, background: 'red' } });
  const file = await write('strip.png', strip.png().toBuffer());
  assert.match(await refusal(readImageEval(file)), /300000x1 is too long and narrow/);
  assert.is((await readImage(file, [28, 28, 3])).length, 28 * 28 * 3);
});

/** A PNG whose header names a size and whose data are those of a small picture. */
function hugePng(width: number, height: number): Promise<Uint8Array> {
  return picture()
    .png()
    .toBuffer()
    .then((png) => {
      png.writeUInt32BE(width, 16);
      png.writeUInt32BE(height, 20);
      let crc = 0xffffffff;
      for (const byte of png.subarray(12, 29)) {
        crc ^= byte;
        for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
      }
      png.writeUInt32BE(~crc >>> 0, 29);
      return png;
    });
}

test('files that are no image, damaged, or of another format: one error each', async () => {
  for (const [name, bytes] of [
    ['cut.png', picture().png({ compressionLevel: 0 }).toBuffer()],
    ['cut.jpg', picture().jpeg().toBuffer()],
    ['cut.webp', picture().webp().toBuffer()],
  ] as const) {
    const whole = await bytes;
    const file = await write(name, whole.subarray(0, Math.floor(whole.length * 0.6)));
    assert.match(await refusal(readImage(file, SHAPE)), /cannot decode .*cut/);
    assert.match(await refusal(readImageEval(file)), /cannot decode .*cut/);
  }
  const lying = await write('lying.png', hugePng(8000, 8000));
  assert.match(await refusal(readImage(lying, SHAPE)), /cannot decode/);
  assert.match(await refusal(readImage(await write('empty.png', new Uint8Array()), SHAPE)), /cannot decode/);
  assert.match(
    await refusal(readImage(await write('text.png', Buffer.from('hello')), SHAPE)),
    /cannot decode/,
  );
  assert.match(await refusal(readImage(at('none.png'), SHAPE)), /cannot read .*none.png/);
  assert.match(await refusal(readImage(folder, SHAPE)), /is no file/);
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>';
  assert.match(await refusal(readImage(await write('a.svg', Buffer.from(svg)), SHAPE)), /is a svg image/);
  assert.match(
    await refusal(readImage(await write('a.gif', picture().gif().toBuffer()), SHAPE)),
    /is a gif image/,
  );
});

test('mutated files end in a result or in one error', async () => {
  const sources = await Promise.all([
    picture().png().toBuffer(),
    picture().jpeg().toBuffer(),
    picture().webp().toBuffer(),
  ]);
  let state = 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
  for (let n = 0; n < 300; n++) {
    const bytes = Buffer.from(sources[n % 3]!);
    for (let k = random(4); k >= 0; k--) bytes[random(n % 2 ? 60 : bytes.length)] = random(256);
    const file = await write('mutant', bytes);
    try {
      assert.is((await readImage(file, [8, 8, 3])).length, 192);
    } catch (error) {
      assert.instance(error, SpikeletError, String((error as Error).stack));
    }
  }
});

test('event frames cannot come from an image file', async () => {
  const file = await write('e.png', picture().png().toBuffer());
  assert.match(await refusal(readImage(file, [32, 32, 2])), /2 channels/);
  assert.match(await refusal(readImage(file, [32, 32, 4])), /4 channels/);
});

test('readImageEval: short side to 232, the middle 224, either way round', async () => {
  // Left half black, right half white: the crop keeps the edge in the middle.
  const wide = await write(
    'wide.png',
    sharp(split(464, 232), { raw: { width: 464, height: 232, channels: 3 } })
      .png()
      .toBuffer(),
  );
  const pixels = await readImageEval(wide);
  assert.is(pixels.length, 224 * 224 * 3);
  const row = pixels.subarray(0, 224 * 3);
  assert.equal([row[111 * 3], row[112 * 3]], [0, 255]);
  const tall = await write('tall.png', sharp(wide).rotate(90).png().toBuffer());
  const turned = await readImageEval(tall);
  assert.equal([turned[111 * 224 * 3], turned[112 * 224 * 3]], [0, 255]);
  assert.is((await readImageEval(await write('s.jpg', picture().jpeg().toBuffer()), 64)).length, 64 * 64 * 3);
});

const split = (width: number, height: number): Uint8Array =>
  Uint8Array.from({ length: width * height * 3 }, (_, i) => (((i / 3) | 0) % width < width / 2 ? 0 : 255));

test.run();
