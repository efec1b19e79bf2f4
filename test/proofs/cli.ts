import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ranHere } from '../docs/figure.js';
import { main } from '../support/command.js';

/** Where the proofs put what they make. */
export const folder = fileURLToPath(new URL('../../../build/proofs', import.meta.url));

export type CliRun = {
  /** The objects on stdout, one per line. */
  lines: Record<string, unknown>[];
  code: number;
};

/** Runs the real command line with --json and shows the command and its stderr. */
export function spikelet(...args: string[]): Promise<CliRun> {
  console.log(`$ spikelet ${args.join(' ')}`);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args, '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (text: Buffer) => (output += text));
    child.on('error', reject);
    child.on('close', (code) => {
      const lines = output.trim()
        ? output
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line))
        : [];
      resolve({ lines, code: code ?? 1 });
    });
  });
}

/** The last object that a successful run printed. */
export async function result<T>(...args: string[]): Promise<T> {
  const { lines, code } = await spikelet(...args);
  if (code !== 0) throw new Error(`spikelet ${args[0]} ended with code ${code}`);
  return lines.at(-1) as T;
}

type Verdict = { what: string; measured: string; wanted: string; ok: boolean };
const verdicts: Verdict[] = [];

/**
 * One line of a proof: what was promised, what was measured, whether that is enough. All go to
 * build/proofs/NAME.json too.
 */
export function verdict(what: string, measured: string, wanted: string, ok: boolean): void {
  if (!verdicts.length) process.once('exit', leaveVerdicts);
  verdicts.push({ what: what.trim(), measured, wanted, ok });
  console.log(`${ok ? 'ok       ' : 'SHORTFALL'}  ${what}: ${measured} (wanted: ${wanted})`);
  if (!ok) process.exitCode = 1;
}

function leaveVerdicts(): void {
  const name = basename(process.argv[1]!, '.js');
  const contents = { name, command: `npm run bench -- ${name}`, ...ranHere(), rows: verdicts };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(contents, null, 2)}\n`);
}
