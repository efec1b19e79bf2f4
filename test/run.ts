import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Runs every *.test.js beside this file (or those whose names hold an argument), each in a process of its own, as many
 * at a time as there are cores, and ends with the line `N passed, N failed`.
 */
const folder = fileURLToPath(new URL('.', import.meta.url));

type Result = { file: string; passed: number; failed: number; skipped: number };

/** A file that takes longer hangs; a busy machine takes some minutes for the longest. */
const LIMIT_MS = 900_000;

function runFile(file: string): Promise<Result> {
  return new Promise((resolve) => {
    const started = Date.now();
    const child = spawn(process.execPath, [join(folder, file)], {
      timeout: LIMIT_MS,
      env: { ...process.env, NO_COLOR: '1' },
    });
    let output = '';
    child.stdout.on('data', (text: Buffer) => (output += text));
    child.stderr.on('data', (text: Buffer) => (output += text));
    child.on('close', (code) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: uvu colours its report even where nobody sees it
      const plain = output.replace(/\x1b\[[0-9;]*m/g, '');
      const count = (label: string) =>
        Number(new RegExp(`^\\s*${label}:\\s+(\\d+)`, 'm').exec(plain)?.[1] ?? 0);
      const [total, passed, skipped] = [count('Total'), count('Passed'), count('Skipped')];
      // A file that crashes, hangs or runs no test has failed, whatever it counted before.
      const crashed = code !== 0 && total === passed;
      const failed = total - passed + (crashed || total + skipped === 0 ? 1 : 0);
      const seconds = ((Date.now() - started) / 1000).toFixed(1);
      console.log(
        `${failed ? 'FAIL' : 'ok  '} ${basename(file, '.test.js')}: ${passed} of ${total} in ${seconds} s`,
      );
      if (failed) console.log(plain.trim());
      else for (const line of plain.matchAll(/^skipped: .*$/gm)) console.log(`     ${line[0]}`);
      resolve({ file, passed, failed, skipped });
    });
  });
}

const wanted = process.argv.slice(2);
const files = readdirSync(folder).filter(
  (file) => file.endsWith('.test.js') && (!wanted.length || wanted.some((part) => file.includes(part))),
);
const queue = [...files];
const results: Result[] = [];
await Promise.all(
  Array.from({ length: Math.min(availableParallelism(), queue.length) }, async () => {
    for (let file = queue.shift(); file; file = queue.shift()) results.push(await runFile(file));
  }),
);
const sum = (key: 'passed' | 'failed' | 'skipped') => results.reduce((all, result) => all + result[key], 0);
const skipped = sum('skipped');
console.log(`${sum('passed')} passed, ${sum('failed')} failed${skipped ? `, ${skipped} skipped` : ''}`);
process.exitCode = sum('failed') || !results.length ? 1 : 0;
