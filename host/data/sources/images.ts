import { join } from 'node:path';
import type { Dataset, Split } from '../../../models/dataset.js';
import { SpikeletError } from '../../../models/error.js';
import { product, type Shape } from '../../../models/tensor.js';
import type { Assigned } from '../assign.js';
import { checkDataset } from '../check.js';
import { IMAGE_SUFFIX } from '../format.js';
import { imageSize, readNetImage } from '../image.js';
import { readImageFolder } from '../images.js';
import { sides, type Values, words } from '../settings.js';
import type { Part } from '../split.js';
import { channelStatistics } from '../statistics.js';
import { labelledFiles, labelSettings } from './labels.js';
import { source } from './source.js';

/** A side of the images that a net takes. */
const MAX_SIDE = 4096;

/** Most bytes of pixels that are held at a time. */
const MAX_BYTES = 2 ** 31;

const size = sides('size=64x64', { most: MAX_SIDE, square: true });
const settings = { ...labelSettings, size, colour: words('colour=grey', ['grey', 'rgb']) };

/**
 * Photos in class folders (or below train/ and test/), read as `run` and `quantize` read photos for the same net
 * (`readNetImage`). To train a new net they become `size`, which may be omitted where all have one.
 */
export const images = source({
  folder: 'needed',
  settings,
  async load(folder, values, { log = () => {}, input, limit }) {
    if (input && limit !== undefined && !Object.keys(values).length)
      return readImageFolder(folder, input, limit, log);
    const is = (path: string) => IMAGE_SUFFIX.test(path);
    const known = input?.classes;
    const { files, classes, notes } = await labelledFiles(folder, { is, what: 'images', known }, values, log);
    const shape = input?.shape ?? (await shapeOf(folder, files, values));
    log(`${folder}: images of ${shape[0]}x${shape[1]}, ${shape[2] === 1 ? 'grey' : 'colour'}`);
    if (files.length * product(shape) > MAX_BYTES)
      throw new SpikeletError(
        `${folder}: ${files.length} images of ${shape.join(' x ')} take ${files.length * product(shape)} bytes, the limit is ${MAX_BYTES}`,
        { hint: 'make them smaller: size=' },
      );
    const split = (part: Part) =>
      readSplit(
        folder,
        files.filter((one) => one.part === part),
        shape,
      );
    const train = await split('train');
    const validation = await split('val');
    const dataset: Dataset = {
      name: folder,
      shape,
      classes,
      ...(input ? { mean: input.mean, std: input.std } : channelStatistics(train.images, shape[2])),
      source: { notes },
      train,
      ...(validation.count ? { validation } : {}),
      test: await split('test'),
    };
    return checkDataset(dataset);
  },
});

async function shapeOf(folder: string, files: Assigned[], values: Values<typeof settings>): Promise<Shape> {
  const first = await imageSize(join(folder, files[0]!.file));
  const channels = values.colour ? (values.colour === 'grey' ? 1 : 3) : first.channels;
  if (values.size) return [...values.size, channels];
  for (const { file: path } of files) {
    const other = await imageSize(join(folder, path));
    if (other.rows !== first.rows || other.columns !== first.columns)
      throw new SpikeletError(
        `${folder}: images have several sizes: ${first.columns}x${first.rows}, and ${path} ${other.columns}x${other.rows}`,
        { hint: 'say to which one they are resized: size=64x64' },
      );
    if (!values.colour && other.channels !== first.channels)
      throw new SpikeletError(`${folder}: some images are grey, ${path} is not, or the other way round`, {
        hint: 'say which all become: colour=grey or colour=rgb',
      });
  }
  return [first.rows, first.columns, channels];
}

async function readSplit(folder: string, files: Assigned[], shape: Shape): Promise<Split> {
  const pixels = new Uint8Array(files.length * product(shape));
  for (const [i, { file }] of files.entries())
    pixels.set(await readNetImage(join(folder, file), shape), i * product(shape));
  return { count: files.length, images: pixels, labels: Uint16Array.from(files, ({ label }) => label) };
}
