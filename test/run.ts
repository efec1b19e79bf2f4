import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Result, runFile } from './run-child.js';

/**
 * `node run.js [PART...]`: runs every *.test.js beside this file (or those whose names hold a PART), each in a process of
 * its own, as many at a time as there are cores, and ends with the line `N passed, N failed[, N skipped]`. `--folder`:
 * of another folder; `--limit`: milliseconds after which a file hangs.
 */
const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    folder: { type: 'string', default: fileURLToPath(new URL('.', import.meta.url)) },
    // A busy machine takes some minutes for the longest.
    limit: { type: 'string', default: '900000' },
  },
});

type Sum = Pick<Result, 'passed' | 'failed' | 'skipped'>;

const line = ({ passed, failed, skipped }: Sum): string =>
  `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;

function print(file: string, { passed, failed, skipped, seconds, problem, output, reasons }: Result): void {
  console.log(
    `${failed ? 'FAIL' : 'ok  '} ${file}: ${line({ passed, failed, skipped })} in ${seconds.toFixed(1)} s`,
  );
  if (problem) console.log(`     ${problem}`);
  // Indented, so that no line of it looks like the last one here.
  if (failed) console.log(output.trim().replace(/^/gm, '     '));
  else for (const reason of reasons) console.log(`     ${reason}`);
}

const files = readdirSync(values.folder).filter(
  (file) => file.endsWith('.test.js') && (!wanted.length || wanted.some((part) => file.includes(part))),
);
if (!files.length) console.log(`no test file in ${values.folder} is named ${wanted.join(' or ')}`);
const queue = [...files];
const sum = { passed: 0, failed: 0, skipped: 0 };
await Promise.all(
  Array.from({ length: Math.min(availableParallelism(), queue.length) }, async () => {
    for (let file = queue.shift(); file; file = queue.shift()) {
      const result = await runFile(join(values.folder, file), Number(values.limit));
      print(basename(file, '.test.js'), result);
      for (const key of ['passed', 'failed', 'skipped'] as const) sum[key] += result[key];
    }
  }),
);
console.log(line(sum));
process.exitCode = sum.failed || !files.length ? 1 : 0;
