import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/**
 * `node run-file.js FILE`: runs a test file as uvu does, and tells its parent what was counted over a channel
 * of their own: nothing that a test prints can be taken for it.
 */
export type Counts = {
  total: number;
  passed: number;
  skipped: number;
  errors: number;
  /** CPU seconds, user and system, of this process and those that it started and that have ended. */
  cpu: number;
};

/**
 * Ticks per second of the time that Linux counts for a process, on every architecture that Node runs on (man
 * 5 proc).
 */
const TICKS = 100;

/** CPU seconds of the processes that this one started, with theirs; 0 where the system does not say. */
function childrenCpu(): number {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    // The second field is a name in parentheses that may hold spaces; cutime and cstime are fields 16 and 17.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[13]) + Number(fields[14])) / TICKS;
  } catch {
    return 0;
  }
}

/** What uvu makes of a suite: its errors, `true` where it has none, and numbers of tests. */
type Run = () => Promise<[errors: string | true, passed: number, skipped: number, total: number]>;

const suites: (Run | null)[] = [null];
// uvu collects here and begins when it is told to.
Object.assign(globalThis, { UVU_DEFER: 1, UVU_QUEUE: [suites] });
const { exec } = await import('uvu');
await import(pathToFileURL(process.argv[2]!).href);

const counts: Counts = { total: 0, passed: 0, skipped: 0, errors: 0, cpu: 0 };
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
const { user, system } = process.cpuUsage();
counts.cpu = (user + system) / 1e6 + childrenCpu();
if (process.send) await new Promise((sent) => process.send!(counts, undefined, undefined, sent));
process.disconnect?.();
