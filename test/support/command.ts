import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';

/** The command line's program. */
export const main = fileURLToPath(new URL('../../host/cli/main.js', import.meta.url));

export type Ran = { code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string };

type Options = {
  cwd: string;
  env?: Record<string, string>;
  /** `signals` are sent, one after the other, once what it said matches `when`. */
  when?: RegExp;
  signals?: NodeJS.Signals[];
};

/** Between two signals. */
const BETWEEN_MS = 20;

/** The command line in a process of its own, to its end. */
export function command(args: string[], { cwd, env = {}, when, signals = [] }: Options): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], { cwd, env: { ...process.env, ...env } });
    const ran: Ran = { code: null, signal: null, stdout: '', stderr: '' };
    const left = [...signals];
    const look = () => {
      const signal = when?.test(ran.stdout + ran.stderr) ? left.shift() : undefined;
      if (!signal) return;
      child.kill(signal);
      const again = setInterval(() => {
        const next = left.shift();
        if (next) child.kill(next);
        else clearInterval(again);
      }, BETWEEN_MS);
    };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (text: Buffer) => {
        ran[name] += text;
        look();
      });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ ...ran, code, signal }));
  });
}

/** The command line in processes of its own, in `cwd`; json() answers what one that must succeed prints with --json. */
export function commandsIn(cwd: string) {
  const run = (args: string[], env: Record<string, string> = {}) =>
    spawnSync(process.execPath, [main, ...args], { cwd, encoding: 'utf8', env: { ...process.env, ...env } });
  const json = (args: string[]) => {
    const { status, stdout, stderr } = run([...args, '--json']);
    assert.is(status, 0, stderr);
    return JSON.parse(stdout);
  };
  return { run, json };
}
