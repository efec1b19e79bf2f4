import { parseArgs } from 'node:util';
import { boardOf } from '../../firmware-gen/boards/index.js';
import { table } from '../../host/report/text.js';
import { removeFolders } from '../firmware-project.js';
import { seedOf } from '../hostile/mutate.js';
import { lineFaults } from '../line-faults.js';
import { prepareTrials } from '../line-trials.js';
import { loaderNeeds } from '../loader-board.js';
import { boardNeeds, socat } from '../needs.js';
import { seeded } from '../random-graph.js';
import { allThere } from '../skip.js';
import { verdict } from './cli.js';

/**
 * `npm run bench -- line-faults`: verify, profile, flash and monitor on the real command line, over real serial ports whose
 * line drops, flips, doubles and delays bytes, is cut, babbles, or says again what an earlier session was told; the board
 * behind it is emulated. Each ends in what a good line gives, or in one error with its exit code: never wrong, never a hang.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '4' },
    verb: { type: 'string', default: '' },
    kind: { type: 'string', default: '' },
  },
});
const [seed, rounds] = [Number(values.seed), Number(values.rounds)];
/** About one fault in so many bytes, from bearable to hopeless. */
const EVERY = [4000, 1000, 333, 80];

if (await allThere('line faults', [socat, ...boardNeeds(boardOf('mps2-an386')), ...loaderNeeds])) {
  const { verbs, trial } = await prepareTrials();
  const rows: string[][] = [];
  let [trials, wrong] = [0, 0];
  for (const kind of Object.keys(lineFaults).filter((name) => name.includes(values.kind))) {
    const row = [kind];
    for (const verb of verbs.filter((name) => name.includes(values.verb))) {
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
      row.push(
        `${counts.equal} equal, ${counts.error} told${counts.wrong ? `, ${counts.wrong} WRONG` : ''} (${spoilt})`,
      );
    }
    rows.push(row);
    console.error(row.join('  '));
  }
  for (const line of table([{ title: 'fault (pieces spoilt)' }, ...verbs.map((title) => ({ title }))], rows))
    console.log(line);
  console.log(`\nseed ${seed}`);
  verdict('trials', `${trials}, ${wrong} wrong`, '0 wrong', trials > 0 && wrong === 0);
  await removeFolders();
} else process.exitCode = 1;
