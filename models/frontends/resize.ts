import { z } from 'zod';
import { clamp, type FrontEndDefinition, refusal, requireRange } from './front-end.js';

/**
 * A photo of u8, [row][column][channel], to another size. First to grey, if asked for: (77 R + 150 G + 29 B +
 * 128) >> 8. Of the part `crop` = [top, left, rows, columns] (H x W), to h x w, per channel:
 *
 *     area      the mean over H/h x W/w, exactly: each pixel weighs by how much of it is covered, in units of 1/h and 1/w;
 *               y = floor((sum + H W / 2) / (H W)). Only to smaller sizes.
 *     bilinear  between the centres of pixels, in steps of 1/256: position p = clamp(floor(((2 i + 1) H - h) 128 / h), 0,
 *               256 (H - 1)), f = p & 255, i = p >> 8; y = ((a (256 - f) + b f) (256 - g) + (c (256 - f) + d f) g + 2^15) >> 16,
 *               f along the row and g along the column
 */
export type Resize = {
  /** [rows, columns, channels] of the photo. */
  source: [number, number, number];
  crop?: [number, number, number, number];
  grey: boolean;
  /** [rows, columns] of the image. */
  size: [number, number];
  method: 'area' | 'bilinear';
};

const kind = 'resize';
const side = z.int().min(1).max(4096);
const offset = z.int().min(0).max(4095);

const schema = z.strictObject({
  source: z.tuple([side, side, z.int().min(1).max(16)]),
  crop: z.tuple([offset, offset, side, side]).exactOptional(),
  grey: z.boolean(),
  size: z.tuple([side, side]),
  method: z.enum(['area', 'bilinear']),
});

const cropOf = ({ source, crop }: Resize) => crop ?? ([0, 0, source[0], source[1]] as const);
const channelsOf = ({ source, grey }: Resize): number => (grey ? 1 : source[2]);

/** The part in the middle that has the proportions of `size`, as large as it can be. */
export function centreCrop(
  [rows, columns]: readonly [number, number],
  size: readonly [number, number],
): [number, number, number, number] {
  const height = Math.min(rows, Math.max(1, Math.floor((columns * size[0]) / size[1])));
  const width = Math.min(columns, Math.max(1, Math.floor((rows * size[1]) / size[0])));
  return [(rows - height) >> 1, (columns - width) >> 1, height, width];
}

function check(parameters: Resize): void {
  const { source, size, grey, method } = parameters;
  const [top, left, rows, columns] = cropOf(parameters);
  if (top + rows > source[0] || left + columns > source[1])
    throw refusal(
      kind,
      `crop must be within ${source[0]} rows and ${source[1]} columns, got ${rows}x${columns} at ${top}, ${left}`,
    );
  if (grey && source[2] !== 3) throw refusal(kind, `grey needs 3 channels, got ${source[2]}`);
  if (method === 'bilinear') return;
  requireRange(kind, 'rows of the image (area)', size[0], 1, rows);
  requireRange(kind, 'columns of the image (area)', size[1], 1, columns);
}

/** Grey, or the channels as they are, of the cropped part. */
function cut(parameters: Resize, raw: Uint8Array): Uint8Array {
  const [, sourceColumns, sourceChannels] = parameters.source;
  const [top, left, rows, columns] = cropOf(parameters);
  const channels = channelsOf(parameters);
  const out = new Uint8Array(rows * columns * channels);
  for (let r = 0, to = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) {
      const at = ((top + r) * sourceColumns + left + c) * sourceChannels;
      if (parameters.grey) out[to++] = (77 * raw[at]! + 150 * raw[at + 1]! + 29 * raw[at + 2]! + 128) >> 8;
      else for (let ch = 0; ch < channels; ch++) out[to++] = raw[at + ch]!;
    }
  return out;
}

/** What [first, weight] of the source an output covers, in units of 1/`to`. */
const covers = (from: number, to: number) =>
  Array.from({ length: to }, (_, i) => {
    const [begin, end] = [i * from, (i + 1) * from];
    const weights: [number, number][] = [];
    for (let at = Math.floor(begin / to); at * to < end; at++)
      weights.push([at, Math.min(end, (at + 1) * to) - Math.max(begin, at * to)]);
    return weights;
  });

/** Position and the 256ths beyond it. */
const positions = (from: number, to: number) =>
  Array.from({ length: to }, (_, i) => {
    const p = clamp(Math.floor((((2 * i + 1) * from - to) * 128) / to), 0, 256 * (from - 1));
    return { at: p >> 8, next: Math.min((p >> 8) + 1, from - 1), part: p & 255 };
  });

type Resizer = (
  from: [number, number],
  to: [number, number],
) => (at: (row: number, column: number) => number, row: number, column: number) => number;

const methods: Record<Resize['method'], Resizer> = {
  area([rows, columns], [toRows, toColumns]) {
    const [down, across] = [covers(rows, toRows), covers(columns, toColumns)];
    const whole = rows * columns;
    return (at, row, column) => {
      let sum = 0;
      for (const [r, weight] of down[row]!) {
        let line = 0;
        for (const [c, part] of across[column]!) line += part * at(r, c);
        sum += weight * line;
      }
      return Math.floor((sum + (whole >> 1)) / whole);
    };
  },
  bilinear([rows, columns], [toRows, toColumns]) {
    const [down, across] = [positions(rows, toRows), positions(columns, toColumns)];
    return (at, row, column) => {
      const { at: r, next: below, part: g } = down[row]!;
      const { at: c, next: right, part: f } = across[column]!;
      const line = (i: number) => at(i, c) * (256 - f) + at(i, right) * f;
      return (line(r) * (256 - g) + line(below) * g + 32768) >> 16;
    };
  },
};

export const resize: FrontEndDefinition<Resize, Uint8Array> = {
  raw: 'u8',
  schema,
  check,
  tableLengths: () => ({}),
  checkTables() {},
  outputShape: (parameters) => [...parameters.size, channelsOf(parameters)],
  state: () => ({}),
  describe(parameters) {
    const [top, left, rows, columns] = cropOf(parameters);
    const { source, size, method, grey } = parameters;
    const part = parameters.crop ? `, ${rows}x${columns} at ${top}, ${left}` : '';
    return `${source[0]}x${source[1]}${part}${grey ? ', grey' : ''} to ${size[0]}x${size[1]}, ${method}`;
  },
  run(parameters, _, raw) {
    const { source, size, method } = parameters;
    const wanted = source[0] * source[1] * source[2];
    if (raw.length !== wanted)
      throw refusal(kind, `a photo must be ${source.join('x')} = ${wanted} bytes, got ${raw.length}`);
    const [, , rows, columns] = cropOf(parameters);
    const channels = channelsOf(parameters);
    const pixels = cut(parameters, raw);
    const value = methods[method]([rows, columns], size);
    const image = new Uint8Array(size[0] * size[1] * channels);
    for (let r = 0, to = 0; r < size[0]; r++)
      for (let c = 0; c < size[1]; c++)
        for (let ch = 0; ch < channels; ch++)
          image[to++] = value((row, column) => pixels[(row * columns + column) * channels + ch]!, r, c);
    return [image];
  },
  stream: (parameters, tables) => ({
    push: (raw) => resize.run(parameters, tables, raw),
    end: () => [],
  }),
};
