import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../../host/report/text.js';
import { hex32 } from '../../models/index.js';
import { campaign, type Row } from '../hostile/campaign.js';
import { MOST_MS, MOST_RSS, type Reader } from '../hostile/reader.js';
import { readers } from '../hostile/readers.js';
import { allThere } from '../support/skip.js';
import { folder as proofs, verdict } from './cli.js';

/**
 * `npm run bench -- hostile`: damaged and hostile input for every reader of files and of what devices say, in
 * processes that are watched: each input gives a value or one SpikeletError, in at most 5 s of CPU and 512
 * MB. Every Graph that is accepted is computed by the interpreter and by WebAssembly, equal at every tensor.
 * About 15 minutes on two cores.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '120000' },
    reader: { type: 'string' },
    only: { type: 'string' },
    jobs: { type: 'string', default: '2' },
  },
});
const [seed, count, jobs] = [values.seed, values.count, values.jobs].map(Number) as [number, number, number];
const folder = join(proofs, 'hostile');
// Accepted Graphs of an earlier run stay out of this one's.
await rm(folder, { recursive: true, force: true });

const wanted = ({ name }: Reader) =>
  values.only ? name === values.reader : name.includes(values.reader ?? '');
const chosen = readers.filter(wanted);
if (!chosen.length) {
  console.error(
    `error: no reader '${values.reader}'; there are ${readers.map(({ name }) => `'${name}'`).join(', ')}`,
  );
  process.exit(2);
}
// What cannot be tried here is said, and counts for nothing.
const tried: Reader[] = [];
for (const reader of chosen) if (await allThere(reader.name, reader.needs ?? [])) tried.push(reader);
const parts = readers.reduce((sum, reader) => sum + reader.parts, 0);

/** A reader without inputs of its own takes what another one left: it has to wait. */
const follows = ({ parts }: Reader) => parts === 0;

async function run(reader: Reader): Promise<Row> {
  const share = follows(reader) ? Number.MAX_SAFE_INTEGER : Math.ceil((count * reader.parts) / parts);
  const [from, to] = values.only === undefined ? [0, share] : [Number(values.only), Number(values.only) + 1];
  const row = await campaign(reader, { seed, from, to, folder });
  console.error(`${reader.name}: ${row.inputs} inputs, ${row.defects.length} defects`);
  return row;
}

const rows = new Map<Reader, Row>();
for (const some of [tried.filter((reader) => !follows(reader)), tried.filter(follows)]) {
  const queue = [...some];
  await Promise.all(
    Array.from({ length: jobs }, async () => {
      for (let reader = queue.shift(); reader; reader = queue.shift()) rows.set(reader, await run(reader));
    }),
  );
}

const all = tried.map((reader) => rows.get(reader)!);
for (const line of table(
  [
    { title: 'reader' },
    ...['inputs', 'accepted', 'refused', 'slowest ms', 'MB', 'CPU s', 'outcomes'].map((title) => ({
      title,
      right: true,
    })),
    { title: '' },
  ] as Parameters<typeof table>[0],
  all.map((row) => [
    row.reader,
    ...[
      row.inputs,
      row.accepted,
      row.refused,
      Math.round(row.slowestMs),
      Math.round(row.maxRss / 2 ** 20),
      Math.round(row.cpuSeconds),
    ].map(String),
    row.crc === undefined ? '' : hex32(row.crc),
    row.notes.join(', '),
  ]),
))
  console.log(line);

for (const { reader, defects } of all)
  for (const { index, what, saved } of defects) {
    console.log(`\n${reader}, input ${index}: ${what}`);
    if (!saved) continue;
    console.log(`  saved as ${saved}; again:`);
    console.log(`  npm run bench -- hostile --seed ${seed} --reader "${reader}" --only ${index}`);
  }

const defects = all.flatMap((row) => row.defects);
const sum = all.reduce((total, { inputs }) => total + inputs, 0);
const largest = Math.max(...all.map(({ maxRss }) => maxRss));
console.log(`\nseed ${seed}`);
if (values.only === undefined && values.reader === undefined)
  verdict('inputs', String(sum), `${Math.min(count, 100_000)} or more`, sum >= Math.min(count, 100_000));
verdict('defects', String(defects.length), '0', defects.length === 0);
verdict(
  'hangs',
  String(defects.filter(({ what }) => what.startsWith('it ')).length),
  `0 over ${MOST_MS / 1000} s`,
  !defects.some(({ what }) => what.startsWith('it ')),
);
console.log(`${Math.round(all.reduce((total, row) => total + row.cpuSeconds, 0))} s of CPU`);
verdict(
  'memory',
  `${Math.round(largest / 2 ** 20)} MB`,
  `at most ${MOST_RSS / 2 ** 20} MB`,
  largest <= MOST_RSS,
);
