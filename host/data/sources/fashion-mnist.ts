import { cacheFolder } from '../../system/cache.js';
import { fetchFashionMnist, readFashionMnist } from '../fashion-mnist.js';
import { source } from './source.js';

/** Fashion-MNIST from a folder of its four files, or fetched into the cache. */
export const fashionMnist = source<object>({
  path: { what: 'FOLDER', optional: true },
  keys: {},
  async load(path, _settings, { log }) {
    if (path !== undefined) return readFashionMnist(path, log);
    const cache = cacheFolder('fashion-mnist');
    await fetchFashionMnist(cache, undefined, log);
    return readFashionMnist(cache);
  },
});
