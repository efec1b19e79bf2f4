import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Dataset } from '../../models/index.js';
import { download } from './download.js';
import { readIdxFolder } from './idx.js';
import { idxFiles } from './idx-files.js';

/** Where Zalando Research publishes the files, and their MD5s (github.com/zalandoresearch/fashion-mnist). */
export const publisher = {
  address: 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com',
  md5: {
    [idxFiles.trainImages]: '8d4fb7e6c68d591d4c3dfef9ec88bf0d',
    [idxFiles.trainLabels]: '25c81989df183df01b3e8a0aad5dffbe',
    [idxFiles.testImages]: 'bef4ecab320f06d8554ea6380940ec79',
    [idxFiles.testLabels]: 'bb300cfdad3c16e7a12a480ee83cd310',
  },
};

export type Publisher = { address: string; md5: Record<string, string> };

/** The largest of the four has 26,421,880 bytes. */
const MAX_BYTES = 2 ** 25;

const facts = {
  name: 'fashion-mnist',
  classes: [
    'T-shirt/top',
    'Trouser',
    'Pullover',
    'Dress',
    'Coat',
    'Sandal',
    'Shirt',
    'Sneaker',
    'Bag',
    'Ankle boot',
  ],
  mean: [0.286],
  std: [0.353],
  mirrors: true,
};

/** Fashion-MNIST (arXiv 1708.07747): 60,000 + 10,000 images [28, 28, 1] of 10 classes, from a folder of IDX files. */
export const readFashionMnist = (folder: string, log?: (line: string) => void): Promise<Dataset> =>
  readIdxFolder(folder, facts, log);

/** Fills `folder` with the four files as far as it lacks them. Throws as `download`. */
export async function fetchFashionMnist(
  folder: string,
  from: Publisher = publisher,
  log?: (line: string) => void,
): Promise<void> {
  for (const [file, md5] of Object.entries(from.md5))
    await download(
      { url: `${from.address}/${file}.gz`, md5, maxBytes: MAX_BYTES },
      join(folder, `${file}.gz`),
      log,
    );
}

/** The folder downloads go to: spikelet/NAME in XDG_CACHE_HOME, or in ~/.cache. */
export const cacheFolder = (name: string): string =>
  join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'spikelet', name);
