import * as assert from 'uvu/assert';
import { runCli } from '../../host/cli/program.js';

export type Said = { code: number; stdout: string; stderr: string };

/** The command line in this process, which starts no Node: what it says and its exit code. One at a time. */
export async function cli(...args: string[]): Promise<Said> {
  const said: Said = { code: -1, stdout: '', stderr: '' };
  const streams = { stdout: process.stdout, stderr: process.stderr };
  const originals = { stdout: process.stdout.write, stderr: process.stderr.write };
  for (const name of ['stdout', 'stderr'] as const)
    streams[name].write = ((text: string | Uint8Array) => {
      said[name] += typeof text === 'string' ? text : new TextDecoder().decode(text);
      return true;
    }) as typeof process.stdout.write;
  try {
    said.code = await runCli(['node', 'spikelet', ...args]);
  } finally {
    for (const name of ['stdout', 'stderr'] as const) streams[name].write = originals[name];
  }
  return said;
}

/** What a command that must succeed prints with --json: its last line. */
// biome-ignore lint/suspicious/noExplicitAny: as JSON.parse().
export async function cliJson(...args: string[]): Promise<any> {
  const { code, stdout, stderr } = await cli(...args, '--json');
  assert.is(code, 0, stderr);
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}

/** cli() where the programs on `path` alone are found. */
export async function cliOnPath(path: string, ...args: string[]): Promise<Said> {
  const before = process.env['PATH'];
  process.env['PATH'] = path;
  try {
    return await cli(...args);
  } finally {
    process.env['PATH'] = before;
  }
}
