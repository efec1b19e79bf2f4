import { parseArgs } from 'node:util';
import { boardOf } from '../../firmware-gen/boards/index.js';
import { table } from '../../host/report/text.js';
import { seedOf } from '../hostile/mutate.js';
import { removeFolders } from '../support/firmware-project.js';
import { lineFaults } from '../support/line-faults.js';
import { prepareTrials } from '../support/line-trials.js';
import { loaderNeeds } from '../support/loader-board.js';
import { boardNeeds, socat } from '../support/needs.js';
import { seeded } from '../support/random-graph.js';
import { allThere } from '../support/skip.js';
import { verdict } from './cli.js';

/**
 * `npm run bench -- line-faults`: verify, profile, flash and monitor on the real command line, over real
 * serial ports whose line drops, flips, doubles and delays bytes, is cut, babbles, or says again what an
 * earlier session was told; the board behind it is emulated. Each ends in what a good line gives, or in one
 * error with its exit code: never wrong, never a hang.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '4' },
    verb: { type: 'string', default: '' },
    kind: { type: 'string', default: '' },
    jobs: { type: 'string', default: '2' },
  },
});
const [seed, rounds] = [Number(values.seed), Number(values.rounds)];
/** About one fault per this many bytes, from bearable to hopeless. */
const EVERY = [4000, 1000, 333, 80];

if (await allThere('line faults', [socat, ...boardNeeds(boardOf('mps2-an386')), ...loaderNeeds])) {
  const began = performance.now();
  const { verbs: all, trial } = await prepareTrials();
  const verbs = all.filter((name) => name.includes(values.verb));
  const kinds = Object.keys(lineFaults).filter((name) => name.includes(values.kind));
  const cells = new Map<string, string>();
  const undisturbed: string[] = [];
  let [trials, wrong] = [0, 0];

  /** All kinds of faults, one after another, for one verb. */
  async function prove(verb: string): Promise<void> {
    for (const kind of kinds) {
      const counts = { equal: 0, error: 0, wrong: 0 };
      let spoilt = 0;
      for (let round = 0; round < rounds; round++) {
        const random = seeded(seedOf(seed, `${kind} ${verb}`, round));
        const outcome = await trial(verb, kind, random, EVERY[round % EVERY.length]!);
        counts[outcome.result]++;
        spoilt += outcome.spoilt;
        trials++;
        if (outcome.result !== 'wrong') continue;
        wrong++;
        console.log(`${verb}, ${kind}, round ${round}: ${outcome.what}`);
      }
      if (!spoilt && kind !== 'none') undisturbed.push(`${verb} by ${kind}`);
      const cell = `${counts.equal} equal, ${counts.error} told${counts.wrong ? `, ${counts.wrong} WRONG` : ''} (${spoilt})`;
      cells.set(`${kind} ${verb}`, cell);
      console.error(`${verb}, ${kind}: ${cell}`);
    }
  }

  const queue = [...verbs];
  await Promise.all(
    Array.from({ length: Number(values.jobs) }, async () => {
      for (let verb = queue.shift(); verb; verb = queue.shift()) await prove(verb);
    }),
  );
  for (const line of table(
    [{ title: 'fault (pieces spoilt)' }, ...verbs.map((title) => ({ title }))],
    kinds.map((kind) => [kind, ...verbs.map((verb) => cells.get(`${kind} ${verb}`)!)]),
  ))
    console.log(line);
  console.log(`\nseed ${seed}, ${Math.round((performance.now() - began) / 1000)} s`);
  verdict('trials', `${trials}, ${wrong} wrong`, '0 wrong', trials > 0 && wrong === 0);
  verdict('never disturbed', undisturbed.join(', ') || 'none', 'none', undisturbed.length === 0);
  await removeFolders();
} else process.exitCode = 1;
