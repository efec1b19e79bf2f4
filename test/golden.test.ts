import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { goldenFolder, prints } from './golden/prints.js';

for (const { path, contents } of await prints())
  test(`${path} is what is printed today (npm run golden refreshes it)`, () => {
    assert.fixture(contents.toString(), readFileSync(goldenFolder + path, 'utf8'));
  });

test.run();
