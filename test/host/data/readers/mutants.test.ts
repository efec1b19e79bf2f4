import { test } from 'uvu';
import { testMutants } from '../../../support/mutants.js';
import { readerFiles } from '../../../support/reader-files.js';

for (const { name, originals, read } of readerFiles) testMutants(name, originals, read);

test.run();
