import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boardOf } from '../../../firmware-gen/boards/index.js';
import { removeFolders } from '../../support/firmware-project.js';
import { prepareTrials, type Trials } from '../../support/line-trials.js';
import { loaderNeeds } from '../../support/loader-board.js';
import { boardNeeds, socat } from '../../support/needs.js';
import { seeded } from '../../support/random-graph.js';
import { testWith } from '../../support/skip.js';

/** A short `npm run bench -- line-faults`: one fault for each of the verbs that talk to a board. */
const seed = Number(process.env['SPIKELET_SEED'] ?? 1);
const short: [verb: string, kind: string, every: number][] = [
  ['verify', 'stale session', 1000],
  ['profile', 'flips', 333],
  ['verify', 'disconnect', 1000],
  ['monitor', 'babble', 1000],
];

const onBoard = await testWith([socat, ...boardNeeds(boardOf('mps2-an386')), ...loaderNeeds]);
let trials: Trials | undefined;
for (const [verb, kind, every] of short)
  onBoard(`${verb} over a line with ${kind}: as over a good one, or one clear error`, async () => {
    trials ??= await prepareTrials();
    const { result, what } = await trials.trial(verb, kind, seeded(seed), every);
    assert.ok(result !== 'wrong', what);
  });

test.after(removeFolders);
test.run();
