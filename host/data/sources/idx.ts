import { readIdxFolder } from '../idx.js';
import { source } from './source.js';

/** Files in the form of MNIST's. */
export const idx = source({
  folder: 'needed',
  settings: {},
  load: (folder, _values, { log }) => readIdxFolder(folder, { name: 'idx' }, log),
});
