import { join } from 'node:path';
import type { Dataset, Shape } from '../../models/index.js';
import { download, type Patience } from './download.js';
import { readIdxFolder } from './idx.js';
import { idxFiles } from './idx-files.js';

/**
 * Where Zalando Research publishes the files (github.com/zalandoresearch/fashion-mnist). It gives MD5s; these
 * are the SHA-256 of the files with those MD5s.
 */
export const publisher: Publisher = {
  address: 'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion',
  sha256: {
    [idxFiles.trainImages]: '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
    [idxFiles.trainLabels]: 'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
    [idxFiles.testImages]: '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
    [idxFiles.testLabels]: '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
  },
};

export type Publisher = { address: string; sha256: Record<string, string> };

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
  set: /fashion|fmnist/,
  mirrors: true,
};

/** What Zalando's own files hold. */
export const fashionLooks = { name: facts.name, classes: facts.classes, shape: [28, 28, 1] as Shape };

/**
 * Fashion-MNIST (arXiv 1708.07747): 60,000 + 10,000 images [28, 28, 1] of 10 classes, from a folder of IDX
 * files.
 */
export const readFashionMnist = (folder: string, log?: (line: string) => void): Promise<Dataset> =>
  readIdxFolder(folder, facts, log);

/** Downloads those of the four files that `folder` lacks. Throws as `download` does. */
export async function fetchFashionMnist(
  folder: string,
  from: Publisher = publisher,
  log?: (line: string) => void,
  patience?: Partial<Patience>,
): Promise<void> {
  for (const [file, sha256] of Object.entries(from.sha256))
    await download(
      { url: `${from.address}/${file}.gz`, sha256, maxBytes: MAX_BYTES },
      join(folder, `${file}.gz`),
      log,
      patience,
    );
}
