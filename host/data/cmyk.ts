import type { Sharp } from 'sharp';

/**
 * A CMYK image as RGB by Pillow's formula: each of red, green and blue is (255 - ink)(255 - black) / 255,
 * rounded. The result is upright, because the new image has no EXIF orientation.
 */
export async function cmykToRgb(source: Sharp): Promise<Sharp> {
  const { default: sharp } = await import('sharp');
  const { data, info } = await source
    .clone()
    .autoOrient()
    .pipelineColourspace('cmyk')
    .toColourspace('cmyk')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  // In place: three bytes are written where four were read.
  for (let from = 0, to = 0; from + 4 <= data.length; from += channels) {
    const light = 255 - data[from + 3]!;
    for (let ink = 0; ink < 3; ink++) data[to++] = light - rounded(data[from + ink]! * light);
  }
  const rgb = data.subarray(0, width * height * 3);
  return sharp(rgb, { raw: { width, height, channels: 3 }, limitInputPixels: false });
}

/** product / 255, rounded, as Pillow's MULDIV255 computes it. */
const rounded = (product: number): number => ((product + 128) * 257) >> 16;
