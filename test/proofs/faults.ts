import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../../host/report/text.js';
import { boardTrials } from '../faults/board.js';
import { kinds } from '../faults/kinds.js';
import { clean, keep, writeInputs } from '../faults/trial.js';
import { tried } from '../faults/verbs.js';
import { seedOf } from '../hostile/mutate.js';
import { removeFolders } from '../support/firmware-project.js';
import { loaderNeeds } from '../support/loader-board.js';
import { type Random, seeded } from '../support/random-graph.js';
import { allThere } from '../support/skip.js';
import { folder as proofs, verdict } from './cli.js';

/**
 * `npm run bench -- faults`: processes killed at random moments, disks that are full or read-only, too many
 * open files, two writers on one output, in every verb that writes. What bears a final name is whole, a clean
 * stop leaves no other files, and a run that goes on ends in the same bytes; a board that is flashed starts
 * its old program or the new one. A trial that failed is kept under build/proofs/faults. A line on stderr as
 * each verb is done.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '5' },
    verb: { type: 'string', default: '' },
    kind: { type: 'string', default: '' },
    jobs: { type: 'string', default: '2' },
  },
});
const [seed, rounds, jobs] = [Number(values.seed), Number(values.rounds), Number(values.jobs)];
const began = performance.now();
const folder = join(proofs, 'faults');

/** Small disks of a run that was killed: nothing below them can be removed while they are mounted. */
function unmountAll(): void {
  let mounts = '';
  try {
    mounts = readFileSync('/proc/mounts', 'utf8');
  } catch {
    return;
  }
  for (const [, place] of mounts.matchAll(/^spikelet-faults (\S+) /gm))
    if (place!.startsWith(folder)) execFileSync('umount', ['-l', place!]);
}

unmountAll();
rmSync(folder, { recursive: true, force: true });
const inputs = join(folder, 'inputs');
mkdirSync(inputs, { recursive: true });
await writeInputs(inputs);

const skipped = new Map(kinds.map((kind) => [kind, kind.missing?.()]));
for (const [{ name }, why] of skipped) if (why) console.log(`skipped: ${name}, because ${why}`);
const chosen = kinds.filter((kind) => kind.name.includes(values.kind) && !skipped.get(kind));
let [trials, failures] = [0, 0];

/** One verb: how long it takes alone, and a trial of each kind; undefined: this kind cannot befall it. */
type Verb = {
  name: string;
  place: string;
  open(): Promise<{ ms: number; trial(kind: string): ((random: Random) => Promise<string[]>) | undefined }>;
};

const verbs: Verb[] = tried.map((verb) => {
  const place = join(folder, `trial-${verb.name.replace(/\W+/g, '-')}`);
  return {
    ...{ name: verb.name, place },
    async open() {
      const undisturbed = await clean(inputs, place, verb);
      return {
        ms: undisturbed.ms,
        trial: (kind) => (random) =>
          kinds.find(({ name }) => name === kind)!.try(inputs, place, verb, undisturbed, random),
      };
    },
  };
});
const ON_BOARD = 'flash --port';
verbs.push({
  ...{ name: ON_BOARD, place: join(folder, 'trial-flash-port') },
  async open() {
    const [ms, trialOf] = await boardTrials(inputs, this.place);
    return { ms, trial: (kind) => trialOf.get(kind) };
  },
});

async function prove(verb: Verb): Promise<string[]> {
  const { name, place } = verb;
  const { ms, trial } = await verb.open();
  const row = [name, String(Math.round(ms))];
  for (const kind of chosen) {
    const tryIt = trial(kind.name);
    let failed = 0;
    for (let round = 0; tryIt && round < rounds; round++) {
      const wrong = await tryIt(seeded(seedOf(seed, `${name} ${kind.name}`, round)));
      trials++;
      if (!wrong.length) continue;
      failed++;
      const saved = join(folder, `${name}-${kind.name}-${round}`.replace(/[^a-z0-9-]+/gi, '_'));
      keep(place, saved);
      console.log(`${name}, ${kind.name}, round ${round} (kept as ${saved}):`);
      for (const line of wrong) console.log(`  ${line}`);
    }
    failures += failed;
    row.push(!tryIt ? '' : failed ? `${failed} of ${rounds} wrong` : 'right');
  }
  console.error(row.join('  '));
  return row;
}

const queue: Verb[] = [];
for (const verb of verbs.filter(({ name }) => name.includes(values.verb)))
  if (verb.name !== ON_BOARD || (await allThere(verb.name, loaderNeeds))) queue.push(verb);
const order = [...queue];
const rows = new Map<Verb, string[]>();
await Promise.all(
  Array.from({ length: jobs }, async () => {
    for (let verb = queue.shift(); verb; verb = queue.shift()) rows.set(verb, await prove(verb));
  }),
);
await removeFolders();
console.log();
for (const line of table(
  [{ title: 'verb' }, { title: 'ms', right: true }, ...chosen.map(({ name }) => ({ title: name }))],
  order.map((verb) => rows.get(verb)!),
))
  console.log(line);
console.log(`\nseed ${seed}, ${Math.round((performance.now() - began) / 1000)} s`);
verdict('trials', `${trials}, ${failures} wrong`, '0 wrong', trials > 0 && failures === 0);
