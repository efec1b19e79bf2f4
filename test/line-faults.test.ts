import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boardOf } from '../firmware-gen/boards/index.js';
import { versionOfTool } from '../host/firmware/tools.js';
import { canTry, removeFolders } from './firmware-project.js';
import { prepareTrials, type Trials } from './line-trials.js';
import { canTryLoader } from './loader-board.js';
import { needsSocat } from './pty.js';
import { seeded } from './random-graph.js';

/** A short `npm run bench -- line-faults`: one fault for each of the verbs that talk to a board. */
const seed = Number(process.env['SPIKELET_SEED'] ?? 1);
const short: [verb: string, kind: string, every: number][] = [
  ['verify', 'stale session', 1000],
  ['profile', 'flips', 333],
  ['verify', 'disconnect', 1000],
  ['monitor', 'babble', 1000],
];

const socat = await versionOfTool('socat', '-V');
if (!socat) console.log(`skipped: line faults, because socat is not installed (${needsSocat})`);
if (socat && (await canTry(boardOf('mps2-an386'))) && (await canTryLoader())) {
  let trials: Trials | undefined;
  for (const [verb, kind, every] of short)
    test(`${verb} over a line with ${kind}: as over a good one, or one clear error`, async () => {
      trials ??= await prepareTrials();
      const { result, what } = await trials.trial(verb, kind, seeded(seed), every);
      assert.ok(result !== 'wrong', what);
    });
} else for (const [verb, kind] of short) test.skip(`${verb} over a line with ${kind}`);

test.after(removeFolders);
test.run();
