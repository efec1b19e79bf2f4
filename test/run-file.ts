import { pathToFileURL } from 'node:url';

/**
 * `node run-file.js FILE`: runs a test file as uvu does, and tells its parent what was counted over a channel of their
 * own: nothing that a test prints can be taken for it.
 */
export type Counts = { total: number; passed: number; skipped: number; errors: number };

/** What uvu makes of a suite: its errors, `true` where it has none, and numbers of tests. */
type Run = () => Promise<[errors: string | true, passed: number, skipped: number, total: number]>;

const suites: (Run | null)[] = [null];
// uvu collects here and begins when it is told to.
Object.assign(globalThis, { UVU_DEFER: 1, UVU_QUEUE: [suites] });
const { exec } = await import('uvu');
await import(pathToFileURL(process.argv[2]!).href);

const counts: Counts = { total: 0, passed: 0, skipped: 0, errors: 0 };
for (const [i, run] of suites.entries())
  if (run)
    suites[i] = async () => {
      const result = await run();
      counts.errors += Number(result[0] !== true);
      counts.passed += result[1];
      counts.skipped += result[2];
      counts.total += result[3];
      return result;
    };
await exec();
if (process.send) await new Promise((sent) => process.send!(counts, undefined, undefined, sent));
process.disconnect?.();
