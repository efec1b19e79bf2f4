import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readImage, readImageEval } from '../../../host/data/image.js';
import { crc32 } from '../../../models/crc32.js';
import { type Shape, SpikeletError } from '../../../models/index.js';

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

test('transparency becomes white, EXIF orientation is applied, 16 bits and palettes become 8', async () => {
  const clear = sharp({
    create: { width: 4, height: 4, channels: 4, background: { r: 9, g: 9, b: 9, alpha: 0 } },
  });
  const white = await readImage(await write('t.png', clear.png().toBuffer()), [4, 4, 3]);
  assert.equal([...new Set(white)], [255]);
  const turned = await write('o.png', picture().withMetadata({ orientation: 6 }).png().toBuffer());
  const upright = await readImage(turned, [40, 30, 3]);
  assert.equal(
    [...upright.subarray(29 * 3, 30 * 3)],
    [0, 0, 128],
    'the upper left corner is now upper right',
  );
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
  assert.match(await refusal(readImageEval(file)), /300000x1 is too elongated/);
  assert.is((await readImage(file, [28, 28, 3])).length, 28 * 28 * 3);
  assert.match(await refusal(readImage(file, [8, 8, 3])), /300000x1 is too elongated/);
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

test('files that are not images, damaged, or of another format: one error each', async () => {
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
  assert.match(await refusal(readImage(folder, SHAPE)), /is not a regular file/);
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

/** Bytes with others put in at a place. */
const insert = (bytes: Uint8Array, at: number, more: Uint8Array) =>
  Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  out.set(body, 4);
  out.writeUInt32BE(crc32(body), out.length - 4);
  return out;
}

/** Behind a PNG's signature and IHDR. */
const BEHIND_HEADER = 33;

/** A colour profile far from sRGB put into a file without touching its pixels. */
function withProfile(format: string, file: Buffer, profile: Buffer): Buffer {
  if (format === 'png')
    return insert(
      file,
      BEHIND_HEADER,
      Buffer.concat([
        chunk('gAMA', Uint8Array.of(0, 1, 134, 160)),
        chunk('iCCP', Buffer.concat([Buffer.from('p\0\0', 'latin1'), deflateSync(profile)])),
      ]),
    );
  if (format === 'jpeg') {
    const segment = Buffer.concat([
      Buffer.from([0xff, 0xe2, 0, 0]),
      Buffer.from('ICC_PROFILE\0\x01\x01', 'latin1'),
      profile,
    ]);
    segment.writeUInt16BE(segment.length - 2, 2);
    return insert(file, 2, segment);
  }
  // Simple WebP (one VP8L chunk of a 40x30 picture) to the extended form: VP8X with the ICC flag, ICCP, the
  // picture.
  const extended = Buffer.from([...Buffer.from('VP8X'), 10, 0, 0, 0, 0x20, 0, 0, 0, 39, 0, 0, 29, 0, 0]);
  const head = Buffer.concat([
    Buffer.from('ICCP'),
    Buffer.alloc(4),
    profile,
    Buffer.alloc(profile.length % 2),
  ]);
  head.writeUInt32LE(profile.length, 4);
  const out = insert(file, 12, Buffer.concat([extended, head]));
  out.writeUInt32LE(out.length - 8, 4);
  return out;
}

test('samples are taken as stored: a colour profile changes none', async () => {
  const p3 = (await sharp(await picture().withIccProfile('p3').png().toBuffer()).metadata()).icc!;
  const greyProfile = Buffer.from(p3);
  greyProfile.write('GRAY', 16, 'latin1');
  const grey = picture().toColourspace('b-w');
  const files: [string, Buffer, number][] = [
    ['png', await picture().png().toBuffer(), 3],
    ['png', await picture().toColourspace('rgb16').png().toBuffer(), 3],
    ['png', await grey.clone().png().toBuffer(), 1],
    ['jpeg', await grey.clone().jpeg().toBuffer(), 1],
    ['png', await picture().ensureAlpha().png().toBuffer(), 3],
    ['png', await picture().png({ palette: true }).toBuffer(), 3],
    ['jpeg', await picture().jpeg().toBuffer(), 3],
    ['jpeg', await picture().toColourspace('cmyk').jpeg().toBuffer(), 3],
    ['webp', await picture().webp({ lossless: true }).toBuffer(), 3],
  ];
  for (const [i, [format, file, channels]] of files.entries()) {
    const marked = withProfile(format, file, channels === 1 ? greyProfile : p3);
    assert.ok((await sharp(marked).metadata()).icc, `${i}: the profile was not found`);
    const [plain, profiled] = [await write(`plain${i}`, file), await write(`profiled${i}`, marked)];
    for (const shape of [
      [30, 40, channels],
      [9, 9, channels],
    ] as Shape[])
      assert.equal(
        await readImage(profiled, shape),
        await readImage(plain, shape),
        `${i} ${format} [${shape}]`,
      );
    assert.equal(await readImageEval(profiled, 16), await readImageEval(plain, 16), `${i} ${format}`);
  }
});

test('CMYK becomes RGB by (255 - ink)(255 - black) / 255, also where it is turned', async () => {
  const jpeg = await picture().toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer();
  const inks = await sharp(jpeg).pipelineColourspace('cmyk').toColourspace('cmyk').raw().toBuffer();
  const expected = Uint8Array.from({ length: raw.length }, (_, i) => {
    const [pixel, ink] = [Math.floor(i / 3) * 4, i % 3];
    const light = 255 - inks[pixel + 3]!;
    return light - Math.round((inks[pixel + ink]! * light) / 255);
  });
  assert.equal(await readImage(await write('inks.jpg', jpeg), SHAPE), expected);
  // EXIF of one tag: 0x112, orientation, is 3.
  const exif = 'Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x03\0\0\0\0\0\0';
  const segment = Buffer.concat([Buffer.of(0xff, 0xe1, 0, exif.length + 2), Buffer.from(exif, 'latin1')]);
  const turned = insert(jpeg, 2, segment);
  assert.is((await sharp(turned).metadata()).orientation, 3);
  const upside = await readImage(await write('turned.jpg', turned), SHAPE);
  const pixelsBackwards = Uint8Array.from(
    expected,
    (_, i) => expected.at(-3 - 3 * Math.floor(i / 3) + (i % 3))!,
  );
  assert.equal(upside, pixelsBackwards);
});

test('the bytes say what a file is, not its name, and formats that are not read reach no decoder', async () => {
  assert.equal(await readImage(await write('really.jpg', picture().png().toBuffer()), SHAPE), raw);
  assert.equal(await readImage(await write('without-suffix', picture().png().toBuffer()), SHAPE), raw);
  const foreign: [string, Buffer][] = [
    ['gif', await picture().gif().toBuffer()],
    ['tiff', await picture().tiff().toBuffer()],
    ['tiff \\(BigTIFF\\)', await picture().tiff({ bigtiff: true }).toBuffer()],
    ['heif \\(AVIF\\)', await picture().avif({ effort: 0 }).toBuffer()],
    ['svg', Buffer.from('<?xml version="1.0"?>\n<!-- a -->\n<svg width="1" height="1"></svg>')],
    ['pdf', Buffer.from('%PDF-1.7\n')],
    ['bmp', Buffer.from('BM0000000000')],
  ];
  for (const [format, bytes] of foreign)
    assert.match(
      await refusal(readImage(await write('foreign.png', bytes), SHAPE)),
      new RegExp(`foreign\\.png is a ${format} image`),
    );
  for (const text of [
    '',
    'RIFF',
    'RIFF0000WAVE',
    '<!doctype html>',
    '\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X',
  ])
    assert.match(
      await refusal(readImage(await write('foreign.png', Buffer.from(text, 'latin1')), SHAPE)),
      /cannot decode .*: it is not one of png, jpeg, webp/,
    );
});

test('bytes between the segments of a JPEG and behind its end do no harm', async () => {
  for (const progressive of [false, true]) {
    const file = await picture().jpeg({ progressive }).toBuffer();
    const pixels = await readImage(await write('plain.jpg', file), SHAPE);
    let odd = Buffer.from(file);
    // Before the second, third, ... segment up to the first scan, from the last to the first.
    const starts: number[] = [];
    for (let at = 2; file[at + 1] !== 0xda; at += 2 + file.readUInt16BE(at + 2)) starts.push(at);
    for (const at of [...starts.slice(1), starts.at(-1)!].reverse())
      odd = insert(odd, at, Uint8Array.of(1, 0xff, 0, 7));
    odd = Buffer.concat([odd, Buffer.alloc(99, 7)]);
    assert.equal(await readImage(await write('odd.jpg', odd), SHAPE), pixels);
  }
});

test('packed texts and profiles are not unpacked', async () => {
  const zeros = deflateSync(new Uint8Array(2 ** 23));
  const texts = Array.from({ length: 200 }, (_, i) =>
    chunk('zTXt', Buffer.concat([Buffer.from(`k${i}\0\0`), zeros])),
  );
  const profile = chunk('iCCP', Buffer.concat([Buffer.from('p\0\0'), deflateSync(new Uint8Array(2 ** 27))]));
  const file = insert(await picture().png().toBuffer(), BEHIND_HEADER, Buffer.concat([profile, ...texts]));
  const path = await write('texts.png', file);
  const before = process.memoryUsage().rss;
  assert.equal(await readImage(path, SHAPE), raw);
  assert.ok(process.memoryUsage().rss - before < 100e6, 'memory was taken');
});

test('an image whose decoder would take more than 256 MB is refused', async () => {
  const jpeg = async (progressive: boolean) => {
    const file = await picture().jpeg({ progressive }).toBuffer();
    const frame = file.indexOf(Uint8Array.of(0xff, progressive ? 0xc2 : 0xc0));
    file.writeUInt16BE(8000, frame + 5);
    file.writeUInt16BE(8000, frame + 7);
    return file;
  };
  // One component in the first scan: the decoder keeps the coefficients of all until the last.
  const all = await jpeg(false);
  const scan = all.indexOf(Uint8Array.of(0xff, 0xda));
  const scans = Buffer.concat([
    all.subarray(0, scan + 2),
    Buffer.of(0, 8, 1, 1, 0, 0, 63, 0),
    all.subarray(scan + 14),
  ]);
  // 14 bits of width - 1 and of height - 1.
  const webp = await picture().webp({ lossless: true }).toBuffer();
  webp.writeUInt32LE((webp.readUInt32LE(21) & ~0xfffffff) | 7999 | (7999 << 14), 21);
  for (const [name, file] of [
    ['progressive.jpg', await jpeg(true)],
    ['scans.jpg', scans],
    ['lossless.webp', webp],
  ] as const)
    assert.match(
      await refusal(readImage(await write(name, file), SHAPE)),
      /8000x8000 pixels of this kind take \d+ bytes, the limit is 268435456/,
      name,
    );
  assert.match(
    await refusal(readImage(await write('one-scan.jpg', await jpeg(false)), SHAPE)),
    /cannot decode/,
  );
});

test('a pipe, a device and a file that is too large are refused at once', async () => {
  if (process.platform !== 'win32') {
    execFileSync('mkfifo', [at('pipe.png')]);
    assert.match(await refusal(readImage(at('pipe.png'), SHAPE)), /is not a regular file/);
    assert.match(await refusal(readImage('/dev/zero', SHAPE)), /is not a regular file/);
  }
  await write('sparse.png', picture().png().toBuffer());
  await truncate(at('sparse.png'), 2 ** 27 + 1);
  assert.match(await refusal(readImage(at('sparse.png'), SHAPE)), /134217729 bytes, the limit is 134217728/);
});

test.run();
