import { join } from 'node:path';
import type { Dataset, Split } from '../../../models/dataset.js';
import { SpikeletError } from '../../../models/error.js';
import { product, type Shape } from '../../../models/tensor.js';
import { checkDataset } from '../check.js';
import { IMAGE_SUFFIX } from '../format.js';
import { imageSize, readImage } from '../image.js';
import { readImageFolder } from '../images.js';
import { filesOf, type LabelledFile, type LabelSettings, labelFiles, labelKeys } from '../labelled-files.js';
import { listFiles } from '../listing.js';
import type { Key } from '../spec.js';
import { oneOf } from '../spec.js';
import type { Part } from '../split.js';
import { channelStatistics } from '../statistics.js';
import { source } from './source.js';

type Settings = LabelSettings & { size: [rows: number, columns: number]; colour: 'grey' | 'rgb' };

/** Most bytes of pixels that are held at a time. */
const MAX_BYTES = 2 ** 31;

const size: Key<Settings['size']> = {
  value: 'ROWSxCOLUMNS',
  parse(text) {
    const [, rows, columns] = /^(\d{1,4})(?:x(\d{1,4}))?$/.exec(text) ?? [];
    const found: Settings['size'] = [Number(rows), Number(columns ?? rows)];
    if (!rows || found.some((side) => side < 1 || side > 4096))
      throw new Error(`must be a side or ROWSxCOLUMNS of 1..4096, got '${text}'`);
    return found;
  },
};

/**
 * Photos in class folders (or below train/ and test/). A net that is there already takes them as its authors do
 * (`readImageFolder`); to train a new one every photo is resized to `size`, which may be omitted where all have one.
 */
export const images = source<Settings>({
  path: { what: 'FOLDER' },
  keys: { ...labelKeys, size, colour: oneOf('grey', 'rgb') },
  async load(path, settings, { log = () => {}, input, limit }) {
    const folder = path!;
    const settled = Object.keys(settings).length > 0;
    if (input && limit !== undefined && !settled) return readImageFolder(folder, input, limit, log);
    const isImage = (path: string) => IMAGE_SUFFIX.test(path);
    const found = filesOf(folder, await listFiles(folder), isImage, 'images (PNG, JPEG or WebP)');
    const { files, classes, summary } = labelFiles(folder, found.files, settings, { known: input?.classes });
    const others = found.others ? `; ${found.others} other files passed over` : '';
    log(`${folder}: ${summary}${others}`);
    const shape = input?.shape ?? (await shapeOf(folder, files, settings));
    log(`${folder}: images of ${shape[0]}x${shape[1]}, ${shape[2] === 1 ? 'grey' : 'colour'}`);
    if (files.length * product(shape) > MAX_BYTES)
      throw new SpikeletError(
        `${folder}: ${files.length} images of ${shape.join(' x ')} take ${files.length * product(shape)} bytes, the limit is ${MAX_BYTES}`,
        { hint: 'make them smaller: size=' },
      );
    const split = (name: Part) =>
      readSplit(
        folder,
        files.filter((file) => file.split === name),
        shape,
      );
    const train = await split('train');
    const validation = await split('val');
    const dataset: Dataset = {
      name: folder,
      shape,
      classes,
      ...(input ? { mean: input.mean, std: input.std } : channelStatistics(train.images, shape[2])),
      source: { summary },
      train,
      ...(validation.count ? { validation } : {}),
      test: await split('test'),
    };
    return checkDataset(dataset);
  },
});

async function shapeOf(folder: string, files: LabelledFile[], settings: Partial<Settings>): Promise<Shape> {
  const first = await imageSize(join(folder, files[0]!.path));
  const channels = settings.colour ? (settings.colour === 'grey' ? 1 : 3) : first.channels;
  if (settings.size) return [...settings.size, channels];
  for (const { path } of files) {
    const other = await imageSize(join(folder, path));
    if (other.rows !== first.rows || other.columns !== first.columns)
      throw new SpikeletError(
        `${folder}: images have several sizes: ${first.columns}x${first.rows}, and ${path} ${other.columns}x${other.rows}`,
        { hint: 'say to which one they are resized: size=64x64' },
      );
    if (!settings.colour && other.channels !== first.channels)
      throw new SpikeletError(`${folder}: some images are grey, ${path} is not, or the other way round`, {
        hint: 'say which all become: colour=grey or colour=rgb',
      });
  }
  return [first.rows, first.columns, channels];
}

async function readSplit(folder: string, files: LabelledFile[], shape: Shape): Promise<Split> {
  const pixels = new Uint8Array(files.length * product(shape));
  for (const [i, { path }] of files.entries())
    pixels.set(await readImage(join(folder, path), shape), i * product(shape));
  return { count: files.length, images: pixels, labels: Uint16Array.from(files, ({ label }) => label) };
}
