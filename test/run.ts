import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { longest } from './longest.js';
import { type Result, runFile } from './run-child.js';

/**
 * `node run.js [PART...]`: runs every *.test.js of this folder and the rooms in it (or those whose paths
 * contain a PART, as in `host/data` or `fpga/cores`), each in its own process, as many at once as there are
 * cores, and ends with the line `N passed, N failed[, N skipped]`. `--folder`: those directly in another
 * folder; `--limit`: milliseconds after which a file hangs.
 */
const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    folder: { type: 'string' },
    // A busy machine takes some minutes for the longest.
    limit: { type: 'string', default: '900000' },
  },
});

type Sum = Pick<Result, 'passed' | 'failed' | 'skipped'>;

const line = ({ passed, failed, skipped }: Sum): string =>
  `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;

function print(
  file: string,
  { passed, failed, skipped, seconds, cpu, problem, output, reasons }: Result,
): void {
  const sums = line({ passed, failed, skipped });
  const time = `${seconds.toFixed(1)} s${cpu === undefined ? '' : ` (${cpu.toFixed(1)} s of CPU)`}`;
  console.log(`${failed ? 'FAIL' : 'ok  '} ${file}: ${sums} in ${time}`);
  if (problem) console.log(`     ${problem}`);
  // Indented, so that no line of it looks like the last one here.
  if (failed) console.log(output.trim().replace(/^/gm, '     '));
  else for (const reason of reasons) console.log(`     ${reason}`);
}

/** Where a file stands in the order of starting. */
function rank(file: string): number {
  const place = longest.indexOf(file.replace(/\.test\.js$/, ''));
  return place < 0 ? longest.length : place;
}

const folder = values.folder ?? fileURLToPath(new URL('.', import.meta.url));
const files = readdirSync(folder, { recursive: values.folder === undefined, encoding: 'utf8' })
  .map((file) => file.replaceAll(sep, '/'))
  // test/runner holds files that fail on purpose, for the runner's own test.
  .filter((file) => file.endsWith('.test.js') && !file.startsWith('runner/'))
  .filter((file) => !wanted.length || wanted.some((part) => file.includes(part)))
  .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
if (!files.length) console.log(`no test file in ${folder} is named ${wanted.join(' or ')}`);
const queue = [...files];
const sum = { passed: 0, failed: 0, skipped: 0 };
await Promise.all(
  Array.from({ length: Math.min(availableParallelism(), queue.length) }, async () => {
    for (let file = queue.shift(); file; file = queue.shift()) {
      const result = await runFile(join(folder, file), Number(values.limit));
      print(file.replace(/\.test\.js$/, ''), result);
      for (const key of ['passed', 'failed', 'skipped'] as const) sum[key] += result[key];
    }
  }),
);
console.log(line(sum));
process.exitCode = sum.failed || !files.length ? 1 : 0;
