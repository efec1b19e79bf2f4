import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../../host/report/text.js';
import { kinds } from '../faults/kinds.js';
import { clean, keep, writeInputs } from '../faults/trial.js';
import { tried } from '../faults/verbs.js';
import { seedOf } from '../hostile/mutate.js';
import { seeded } from '../random-graph.js';
import { folder as proofs, verdict } from './cli.js';

/**
 * `npm run bench -- faults`: processes killed at random moments, disks that are full or read-only, too many open files,
 * two writers on one output, in every verb that writes. What bears a final name is whole, a clean stop leaves nothing
 * beside it, and a run that goes on ends in the same bytes. A trial that failed is kept under build/proofs/faults.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '5' },
    verb: { type: 'string', default: '' },
    kind: { type: 'string', default: '' },
  },
});
const [seed, rounds] = [Number(values.seed), Number(values.rounds)];
const folder = join(proofs, 'faults');
rmSync(folder, { recursive: true, force: true });
const inputs = join(folder, 'inputs');
mkdirSync(inputs, { recursive: true });
await writeInputs(inputs);

const skipped = new Map(kinds.map((kind) => [kind, kind.missing?.()]));
for (const [{ name }, why] of skipped) if (why) console.log(`skipped: ${name}, because ${why}`);
const chosen = kinds.filter((kind) => kind.name.includes(values.kind) && !skipped.get(kind));
const rows: string[][] = [];
let [trials, failures] = [0, 0];
for (const verb of tried.filter(({ name }) => name.includes(values.verb))) {
  const place = join(folder, 'trial');
  const undisturbed = await clean(inputs, place, verb);
  const row = [verb.name, String(Math.round(undisturbed.ms))];
  for (const kind of chosen) {
    let failed = 0;
    for (let round = 0; round < rounds; round++) {
      const random = seeded(seedOf(seed, `${verb.name} ${kind.name}`, round));
      const wrong = await kind.try(inputs, place, verb, undisturbed, random);
      trials++;
      if (!wrong.length) continue;
      failed++;
      const saved = join(folder, `${verb.name}-${kind.name}-${round}`.replace(/[^a-z0-9-]+/gi, '_'));
      keep(place, saved);
      console.log(`${verb.name}, ${kind.name}, round ${round} (kept as ${saved}):`);
      for (const line of wrong) console.log(`  ${line}`);
    }
    failures += failed;
    row.push(failed ? `${failed} of ${rounds} wrong` : 'right');
  }
  rows.push(row);
}
console.log();
for (const line of table(
  [{ title: 'verb' }, { title: 'ms', right: true }, ...chosen.map(({ name }) => ({ title: name }))],
  rows,
))
  console.log(line);
console.log(`\nseed ${seed}`);
verdict('trials', `${trials}, ${failures} wrong`, '0 wrong', trials > 0 && failures === 0);
