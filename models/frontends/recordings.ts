import type { Split } from '../dataset.js';
import { SpikeletError } from '../error.js';
import { product } from '../tensor.js';
import { type FrontEnd, frontEndShape, type Raw, runFrontEnd } from './index.js';

/** A raw signal whose class is known. */
export type Recording = { raw: Raw; label: number };

/** Images of recordings: `of` says which recording each was made of. */
export type RecordedSplit = Split & { of: Uint32Array };

/** Collects what a front end makes of recordings: all of a recording's images, or its `first` alone. */
export function imageCollector(frontEnd: FrontEnd, take: 'all' | 'first') {
  const size = product(frontEndShape(frontEnd));
  const images: Uint8Array[] = [];
  const labels: number[] = [];
  return {
    /** Takes a recording; returns how many images it gave. */
    add({ raw, label }: Recording): number {
      const found = runFrontEnd(frontEnd, raw);
      const taken = take === 'first' ? found.slice(0, 1) : found;
      for (const image of taken) {
        images.push(image);
        labels.push(label);
      }
      return taken.length;
    },
    /** Bytes of all images. */
    bytes: () => images.length * size,
    split(): Split {
      const all = new Uint8Array(images.length * size);
      for (const [i, image] of images.entries()) all.set(image, i * size);
      return { count: images.length, images: all, labels: Uint16Array.from(labels) };
    },
  };
}

/**
 * What a front end makes of recordings, as images to learn from or to test on (`imageCollector`). Throws a
 * SpikeletError where a recording gives none, or where all are more bytes than `most`.
 */
export function splitOf(
  frontEnd: FrontEnd,
  recordings: Iterable<Recording>,
  { take = 'all', most = 2 ** 31 }: { take?: 'all' | 'first'; most?: number } = {},
): RecordedSplit {
  const collected = imageCollector(frontEnd, take);
  const of: number[] = [];
  let index = 0;
  for (const recording of recordings) {
    const count = collected.add(recording);
    if (!count)
      throw new SpikeletError(
        `recording ${index} is too short for an image of the front end '${frontEnd.kind}'`,
        {
          hint: 'leave out recordings that are shorter than a window, or make the window shorter',
        },
      );
    for (let i = 0; i < count; i++) of.push(index);
    index++;
    if (collected.bytes() > most)
      throw new SpikeletError(`the images of ${index} recordings take more than ${most} bytes`, {
        hint: 'use fewer recordings, a larger stride or smaller images',
      });
  }
  return { ...collected.split(), of: Uint32Array.from(of) };
}
