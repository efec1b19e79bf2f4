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
