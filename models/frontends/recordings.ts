import type { Split } from '../dataset.js';
import { SpikeletError } from '../error.js';
import { product } from '../tensor.js';
import { type FrontEnd, frontEndShape, type Raw, runFrontEnd } from './index.js';

/** A raw signal whose class is known. */
export type Recording = { raw: Raw; label: number };

/** Images of recordings: `of` says which recording each was made of. */
export type RecordedSplit = Split & { of: Uint32Array };

/**
 * What a front end makes of recordings, as images to learn from or to test on: all of a recording's images,
 * or its `first` alone. Throws a SpikeletError where a recording gives none, or where all are more bytes than
 * `most`.
 */
export function splitOf(
  frontEnd: FrontEnd,
  recordings: Iterable<Recording>,
  { take = 'all', most = 2 ** 31 }: { take?: 'all' | 'first'; most?: number } = {},
): RecordedSplit {
  const size = product(frontEndShape(frontEnd));
  const images: Uint8Array[] = [];
  const labels: number[] = [];
  const of: number[] = [];
  let index = 0;
  for (const { raw, label } of recordings) {
    const found = runFrontEnd(frontEnd, raw);
    if (!found.length)
      throw new SpikeletError(
        `recording ${index} is too short for an image of the front end '${frontEnd.kind}'`,
        {
          hint: 'leave out recordings that are shorter than a window, or make the window shorter',
        },
      );
    for (const image of take === 'first' ? found.slice(0, 1) : found) {
      images.push(image);
      labels.push(label);
      of.push(index);
    }
    if (images.length * size > most)
      throw new SpikeletError(`the images of ${index + 1} recordings take more than ${most} bytes`, {
        hint: 'use fewer recordings, a larger stride or smaller images',
      });
    index++;
  }
  const all = new Uint8Array(images.length * size);
  images.forEach((image, i) => {
    all.set(image, i * size);
  });
  return { count: images.length, images: all, labels: Uint16Array.from(labels), of: Uint32Array.from(of) };
}
