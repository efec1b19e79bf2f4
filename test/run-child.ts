import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import type { Counts } from './run-file.js';

/**
 * What came of a test file. A file that failed although no test of it did counts as one; `problem` says how.
 */
export type Result = {
  passed: number;
  failed: number;
  skipped: number;
  seconds: number;
  /** CPU seconds of the file and what it started; undefined: it ended before it could say. */
  cpu: number | undefined;
  problem: string | undefined;
  output: string;
  /** The lines that say what was skipped and why. */
  reasons: string[];
};

const none: Counts = { total: 0, passed: 0, skipped: 0, errors: 0, cpu: 0 };

const child = fileURLToPath(new URL('./run-file.js', import.meta.url));

/** How long the output of a file that has ended may be held open by a process that it left behind. */
const LEFT_OPEN_MS = 5000;

/** Runs a test file in a new process, which is ended after `limitMs`. */
export function runFile(path: string, limitMs: number): Promise<Result> {
  return new Promise((resolve) => {
    const started = performance.now();
    const { signal: limit, stop } = after(limitMs);
    const running = spawn(process.execPath, [child, path], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, NO_COLOR: '1' },
      signal: limit,
      killSignal: 'SIGKILL',
    });
    let counts: Counts | undefined;
    running.once('message', (message) => {
      counts = message as Counts;
    });
    let text = '';
    for (const stream of [running.stdout, running.stderr])
      stream?.setEncoding('utf8').on('data', (more: string) => {
        text += more;
      });
    // The limit, which the exit tells too.
    running.on('error', () => undefined);
    running.once('exit', () => {
      stop();
      setTimeout(() => {
        running.stdout?.destroy();
        running.stderr?.destroy();
      }, LEFT_OPEN_MS).unref();
    });
    running.once('close', (code, signal) => {
      const output = stripVTControlCharacters(text);
      const reasons = [...output.matchAll(/^skipped: .*$/gm)].map(([line]) => line);
      const end = limit.aborted ? `after ${limitMs / 1000} s, its limit` : `with ${signal ?? `code ${code}`}`;
      const problem = problemOf(counts, code === 0, end, reasons.length);
      const { total, passed, skipped } = counts ?? none;
      const failed = total - passed || Number(problem !== undefined);
      const seconds = (performance.now() - started) / 1000;
      resolve({ passed, failed, skipped, seconds, cpu: counts?.cpu, problem, output, reasons });
    });
  });
}

/** Why a file failed apart from its tests; undefined: it did not. */
function problemOf(
  counts: Counts | undefined,
  clean: boolean,
  end: string,
  reasons: number,
): string | undefined {
  if (!counts) return `it ended ${end}, before its tests did`;
  const { total, passed, skipped, errors } = counts;
  if (total + skipped === 0) return 'it has no test';
  // uvu keeps it to itself.
  if (passed < total && !errors) return 'a hook of a suite failed before its tests';
  if (passed === total && !clean) return `its tests passed, and it ended ${end}`;
  if (skipped > reasons) return `${skipped - reasons} of its tests are skipped without a reason (skip.ts)`;
  return undefined;
}

function after(ms: number): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ms);
  return { signal: controller.signal, stop: () => clearTimeout(timer) };
}
