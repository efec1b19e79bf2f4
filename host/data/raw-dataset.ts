import type { Dataset } from '../../models/dataset.js';
import { SpikeletError } from '../../models/error.js';
import { type FrontEnd, frontEndShape } from '../../models/frontends/index.js';
import { imageCollector, type Recording } from '../../models/frontends/recordings.js';
import { checkDataset } from './check.js';
import type { Part } from './split.js';
import { channelStatistics } from './statistics.js';

/** Most bytes of images that are held at a time. */
const MAX_BYTES = 2 ** 31;

/** Collects recordings as the images that a front end makes of them: all of each, or its `first` alone. */
export function imagesOf(name: string, frontEnd: FrontEnd, classes: string[], take: 'first' | 'all') {
  const shape = frontEndShape(frontEnd);
  const parts = {
    train: imageCollector(frontEnd, take),
    val: imageCollector(frontEnd, take),
    test: imageCollector(frontEnd, take),
  };
  return {
    /** Takes a recording; returns how many images it gave. Throws where all take too much memory. */
    add({ part, ...recording }: Recording & { part: Part }): number {
      const count = parts[part].add(recording);
      const held = Object.values(parts).reduce((sum, one) => sum + one.bytes(), 0);
      if (held > MAX_BYTES)
        throw new SpikeletError(`${name}: more than ${MAX_BYTES} bytes of images of ${shape.join(' x ')}`, {
          hint: 'take fewer recordings, a smaller image, or a longer stride',
        });
      return count;
    },
    /**
     * The data set; mean and deviation per channel are the training images' own. Throws where no training can
     * use it.
     */
    done(source: Record<string, unknown>): Dataset {
      const train = parts.train.split();
      const validation = parts.val.split();
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
        test: parts.test.split(),
      });
    },
  };
}
