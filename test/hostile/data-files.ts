import { below } from '../support/random-graph.js';
import { readerFiles } from '../support/reader-files.js';
import { damagedOneOf, spliced } from './mutate.js';
import type { Reader } from './reader.js';

/** Data of other programs: sound, tables, arrays, recordings of event cameras. */
export const dataFileReaders: Reader[] = readerFiles.map(({ name, originals, read }) => ({
  name: `${name} files`,
  parts: 1,
  open: async () => ({
    input: (random) => (below(random, 8) ? damagedOneOf(originals, random) : spliced(originals, random)),
    read,
  }),
}));
