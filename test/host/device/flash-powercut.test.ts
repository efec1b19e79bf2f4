import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { removeFolders } from '../../support/firmware-project.js';
import { loaderNeeds } from '../../support/loader-board.js';
import {
  createBench,
  installAndCut,
  preloaded,
  replaceAndCut,
  session,
  startsWith,
} from '../../support/power-cut.js';
import { testWith } from '../../support/skip.js';

/** A few stages of what `npm run bench -- powercut` does at all of them. */
(await testWith(loaderNeeds))(
  'whenever the power fails while a program is replaced, the emulated board starts the old one or the new one',
  async () => {
    const bench = await createBench(1024, 1000);
    const flash = `${bench.flashA}.whole`;
    const ends = await session(bench, flash);
    assert.is(await startsWith(bench, flash), 'B');
    const all = ends.at(-1)!;
    // After the erase, amid the data of a block, after the last block, amid the command that commits.
    for (const at of [ends[4]!, ends[8]! - 100, ends.at(-3)!, all - 1]) {
      const { starts } = await replaceAndCut(bench, { at, delay: 0 });
      assert.is(starts, 'A', `cut after ${at} of ${all} B`);
    }
    const { starts } = await replaceAndCut(bench, { at: all, delay: 'answered' });
    assert.is(starts, 'B', 'cut after the commit');
    const from = await preloaded(bench);
    const installed = await installAndCut(bench, from, { offset: 700, when: 'written' });
    assert.is(installed.starts, 'B', 'cut while it is installed');
  },
);

test.after(removeFolders);
test.run();
