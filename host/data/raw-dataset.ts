import type { Dataset, Split } from '../../models/dataset.js';
import { SpikeletError } from '../../models/error.js';
import { type FrontEnd, frontEndShape, type Raw, runFrontEnd } from '../../models/frontends/index.js';
import { product } from '../../models/tensor.js';
import { checkDataset } from './check.js';
import type { Part } from './split.js';
import { channelStatistics } from './statistics.js';

/** Most bytes of images that are held at a time. */
const MAX_BYTES = 2 ** 31;

/** A raw signal with its class. */
export type Recording = { raw: Raw; label: number; part: Part };

/** Collects recordings as the images that a front end makes of them. */
export function imagesOf(
  name: string,
  frontEnd: FrontEnd,
  classes: string[],
  /** The first image of each recording alone, or all that are due. */
  take: 'first' | 'all',
) {
  const shape = frontEndShape(frontEnd);
  const size = product(shape);
  const images: Record<Part, Uint8Array[]> = { train: [], val: [], test: [] };
  const labels: Record<Part, number[]> = { train: [], val: [], test: [] };
  let held = 0;
  const splitOf = (split: Part): Split => {
    const all = new Uint8Array(images[split].length * size);
    for (const [i, image] of images[split].entries()) all.set(image, i * size);
    return { count: images[split].length, images: all, labels: Uint16Array.from(labels[split]) };
  };
  return {
    add({ raw, label, part }: Recording): number {
      const due = runFrontEnd(frontEnd, raw);
      const taken = take === 'first' ? due.slice(0, 1) : due;
      held += taken.length * size;
      if (held > MAX_BYTES)
        throw new SpikeletError(`${name}: more than ${MAX_BYTES} bytes of images of ${shape.join(' x ')}`, {
          hint: 'take fewer recordings, a smaller image, or a longer stride',
        });
      images[part].push(...taken);
      for (const _ of taken) labels[part].push(label);
      return taken.length;
    },
    /** The data set; mean and deviation per channel are the training images' own. Throws where no training can use it. */
    done(source: Record<string, unknown>): Dataset {
      const train = splitOf('train');
      const validation = splitOf('val');
      return checkDataset({
        name,
        shape,
        classes,
        ...channelStatistics(train.images, shape[2]),
        mirrors: false,
        frontEnd,
        source,
        train,
        ...(validation.count ? { validation } : {}),
        test: splitOf('test'),
      });
    },
  };
}
