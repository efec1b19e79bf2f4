import { cacheFolder } from '../../system/cache.js';
import { fashionLooks, fetchFashionMnist, readFashionMnist } from '../fashion-mnist.js';
import { source } from './source.js';

/** Fashion-MNIST from a folder of its four files, or downloaded into the cache. */
export const fashionMnist = source({
  folder: 'optional',
  settings: {},
  looks: fashionLooks,
  async load(folder, _values, { log }) {
    if (folder) return readFashionMnist(folder, log);
    const cache = cacheFolder('fashion-mnist');
    await fetchFashionMnist(cache, undefined, log);
    return readFashionMnist(cache);
  },
});
