import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { exitCode, SpikeletError } from '../../models/index.js';
import { onInterrupt } from '../system/cleanup.js';
import { inTemporaryFolder } from '../system/files.js';

const execute = promisify(execFile);

/** The version that `program --version` prints; undefined if it is not installed. */
export async function versionOfTool(program: string, flag = '--version'): Promise<string | undefined> {
  try {
    const { stdout } = await execute(program, [flag], { timeout: 10_000 });
    return /\d+(\.\d+)+/.exec(stdout)?.[0] ?? 'unknown version';
  } catch {
    return undefined;
  }
}

/**
 * Whether a program is on the path, by running it with `flag`: its version if it prints one, otherwise
 * 'installed'. For programs that fail if they have nothing to do.
 */
export async function programInstalled(program: string, flag = '--help'): Promise<string | undefined> {
  try {
    const { stdout } = await execute(program, [flag], { timeout: 10_000 });
    return /\d+(\.\d+)+/.exec(stdout)?.[0] ?? 'installed';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : 'installed';
  }
}

/**
 * Runs a program to its end. Throws a SpikeletError with its output if it fails, or with the install command
 * if it is missing. A signal that ends spikelet also ends the program, and removes its temporary files.
 */
export async function runTool(
  program: string,
  args: string[],
  { install, folder }: { install: string; folder?: string },
): Promise<string> {
  return inTemporaryFolder('tool', async (temporary) => {
    const running = execute(program, args, {
      maxBuffer: 64 << 20,
      env: { ...process.env, TMPDIR: temporary },
      ...(folder ? { cwd: folder } : {}),
    });
    const done = onInterrupt(() => running.child.kill());
    try {
      return (await running).stdout;
    } catch (error) {
      throw toolError(program, error as ToolFailure, install);
    } finally {
      done();
    }
  });
}

type ToolFailure = NodeJS.ErrnoException & { stderr?: string };

/** The error of a failed program, with its output; `install` if it may be missing. */
export function toolError(program: string, error: ToolFailure, install?: string): SpikeletError {
  if (error.code === 'ENOENT')
    return new SpikeletError(`${program} is not installed`, {
      ...(install ? { hint: install } : {}),
      cause: error,
    });
  const lines = (error.stderr ?? error.message).trim().split('\n').slice(-20);
  return new SpikeletError(`${program} failed:`, { lines, code: exitCode.failure, cause: error });
}
