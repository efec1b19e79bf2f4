import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { type NetInput, normalise, rawImage, type Split } from '../../models/index.js';

/** A batch as it goes into the network: `images` [count][rows][columns][channels], normalised. */
export type Batch = { count: number; images: Float32Array; labels: Int32Array };

export type Augmentation = {
  /** Mirror every other image, at random, left to right. */
  flip: boolean;
  /** Shift each image by up to this many pixels either way; the border is filled with black. */
  shift: number;
};

/**
 * The random stream of one epoch; it depends only on seed and epoch, so a resumed run needs no generator
 * state.
 */
export const epochRandom = (seed: number, epoch: number): RandomGenerator =>
  xoroshiro128plus(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(epoch + 1, 0xc2b2ae35));

/** A random permutation of 0..count-1 (Fisher and Yates). */
export function permutation(count: number, random: RandomGenerator): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = uniformInt(random, 0, i);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** The network's value for every raw pixel 0..255 in every channel, [pixel][channel]. */
const pixelValues = (input: NetInput): Float32Array => {
  const channels = input.shape[2];
  return normalise(
    Uint8Array.from({ length: 256 * channels }, (_, i) => Math.floor(i / channels)),
    input,
  );
};

/**
 * Makes batches from the images `indices` of a split, augmented if `augment` is given. They are normalised as
 * the Net says, which may differ from the dataset's statistics.
 */
export function batchMaker(input: NetInput, split: Split) {
  const [h, w, channels] = input.shape;
  const values = pixelValues(input);
  return (indices: ArrayLike<number>, augment?: Augmentation & { random: RandomGenerator }): Batch => {
    const size = h * w * channels;
    const images = new Float32Array(indices.length * size);
    const labels = new Int32Array(indices.length);
    for (let n = 0; n < indices.length; n++) {
      const raw = rawImage(split, input.shape, indices[n]!);
      labels[n] = split.labels[indices[n]!]!;
      const draw = (span: number) => (augment && span ? uniformInt(augment.random, -span, span) : 0);
      const mirrored = augment?.flip ? uniformInt(augment.random, 0, 1) === 1 : false;
      const [down, right] = [draw(augment?.shift ?? 0), draw(augment?.shift ?? 0)];
      let to = n * size;
      for (let y = 0; y < h; y++)
        for (let x = 0; x < w; x++) {
          const row = y - down;
          const column = (mirrored ? w - 1 - x : x) - right;
          const inside = row >= 0 && row < h && column >= 0 && column < w;
          const from = (row * w + column) * channels;
          for (let c = 0; c < channels; c++)
            images[to++] = values[(inside ? raw[from + c]! : 0) * channels + c]!;
        }
    }
    return { count: indices.length, images, labels };
  };
}
