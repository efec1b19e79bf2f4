import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFile } from '../../../dist/host/system/files.js';
import { exitCode, SpikeletError } from '../../../dist/models/index.js';
import { bench, type Result } from './bench.js';
import { curveMarkdown, densityCurve } from './density.js';
import { buildFolder } from './paths.js';
import type { Bits } from './prepare.js';
import { leaveEngines, machine, markdown, threadsMarkdown } from './report.js';
import { defaultNames, knownNames } from './workload.js';

const usage = `usage: npm run bench -- engines [MODEL...] [--threads N] [--bits 8|6|4] [--data DATASET] [--json]

MODEL is ${knownNames.join(', ')} (default: ${defaultNames.join(', ')}), or the path of a Net together with --data;
'density' measures our time against the density of the spikes.
Without --threads each is measured on one thread and on all. Results go to build/bench.`;

const note = (line: string) => console.error(line);

function read(args: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        threads: { type: 'string' },
        bits: { type: 'string', default: '8' },
        data: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    const all = availableParallelism();
    const threads = values.threads === undefined ? [...new Set([1, all])] : [Number(values.threads)];
    if (!threads.every((n) => Number.isInteger(n) && n >= 1 && n <= 256))
      throw new Error(`--threads ${values.threads} is not a number of threads`);
    const bits = [8, 6, 4].find((n) => String(n) === values.bits) as Bits | undefined;
    if (!bits) throw new Error(`--bits ${values.bits} is not one of 8, 6, 4`);
    const { data, json, help } = values;
    return { models: positionals.length ? positionals : defaultNames, threads, bits, data, json, help };
  } catch (error) {
    throw new SpikeletError((error as Error).message, { hint: usage, code: exitCode.usage });
  }
}

async function main(): Promise<void> {
  const { models, threads, bits, data, json, help } = read(process.argv.slice(2));
  if (help) return console.log(usage);
  const here = machine();
  const results: Result[] = [];
  const write = async (name: string, contents: object, text: string) => {
    await writeFile(join(buildFolder, `${name}.json`), `${JSON.stringify(contents, null, 2)}\n`);
    await writeFile(join(buildFolder, `${name}.md`), text);
    (json ? note : console.log)(text);
  };
  if (String(models) === 'density') {
    const curve = { machine: here, ...(await densityCurve(note)) };
    await write('density', curve, curveMarkdown(curve));
    if (json) console.log(JSON.stringify(curve));
    return;
  }
  for (const model of models) {
    const side: Result[] = [];
    for (const n of threads) {
      const result = await bench(model, { data, bits, threads: n, log: note });
      const name = `${result.model}-${bits}bit-${n}thread`;
      await write(name, { machine: here, ...result }, markdown(result, here));
      side.push(result);
    }
    leaveEngines(side);
    results.push(...side);
    if (side.length > 1) (json ? note : console.log)(threadsMarkdown(side));
  }
  const [first, ...more] = results;
  if (json)
    console.log(JSON.stringify(more.length ? { machine: here, results } : { machine: here, ...first }));
  if (results.some(({ spikelet, tiers }) => [spikelet, ...tiers].some(({ exact }) => !exact)))
    process.exitCode = exitCode.differs;
}

main().catch((error: unknown) => {
  if (!(error instanceof SpikeletError)) throw error;
  console.error(`error: ${error.message}`);
  if (error.hint) console.error(`hint: ${error.hint}`);
  process.exitCode = error.code;
});
