import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import type { Dataset, Shape, Split } from '../../models/index.js';
import { motions, SIDE } from './gestures/motion.js';
import { MAX_COUNT, recordGesture } from './gestures/sensor.js';
import { channelStatistics } from './statistics.js';

export type GestureOptions = {
  seed?: number;
  /** Training and test images. */
  train?: number;
  test?: number;
};

const SHAPE: Shape = [SIDE, SIDE, 2];

/** What every such data set looks like. */
export const gestureLooks = { name: 'gestures', shape: SHAPE, classes: motions.map(({ name }) => name) };

/** A count is stored as count * 17, so that 15 becomes white. */
export const COUNT_STEP = 255 / MAX_COUNT;

/**
 * Eight hand motions in front of a simulated event camera: 32x32 frames of ON and OFF counts (see
 * recordGesture), classes balanced and shuffled. The same options give the same bytes on every machine. The
 * test set is drawn from a separate stream of random numbers, so it does not depend on the number of training
 * images.
 */
export function gestures({ seed = 1, train = 4000, test = 800 }: GestureOptions = {}): Dataset {
  const random = xoroshiro128plus(seed);
  const training = record(train, random.clone());
  random.jump();
  const testing = record(test, random);
  return {
    ...gestureLooks,
    ...channelStatistics(training.images, SHAPE[2]),
    mirrors: false,
    train: training,
    test: testing,
  };
}

function record(count: number, random: RandomGenerator): Split {
  const labels = Uint16Array.from({ length: count }, (_, i) => i % motions.length);
  for (let i = count - 1; i > 0; i--) {
    const j = uniformInt(random, 0, i);
    [labels[i], labels[j]] = [labels[j]!, labels[i]!];
  }
  const size = SIDE * SIDE * 2;
  const images = new Uint8Array(count * size);
  labels.forEach((label, i) => {
    const counts = recordGesture(motions[label]!.motion(random), random);
    images.set(
      counts.map((value) => value * COUNT_STEP),
      i * size,
    );
  });
  return { count, images, labels };
}
