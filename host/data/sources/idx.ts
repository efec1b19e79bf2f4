import { readIdxFolder } from '../idx.js';
import { source } from './source.js';

/** Files in the form of MNIST's. */
export const idx = source<object>({
  path: { what: 'FOLDER' },
  keys: {},
  load: (path, _settings, { log }) => readIdxFolder(path!, { name: 'idx' }, log),
});
