import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { exitCode, SpikeletError } from '../../models/index.js';

const execute = promisify(execFile);

/** The first line that `program --version` prints; undefined where it is not installed. */
export async function versionOfTool(program: string): Promise<string | undefined> {
  try {
    const { stdout } = await execute(program, ['--version'], { timeout: 10_000 });
    return stdout.split('\n', 1)[0]!.trim();
  } catch {
    return undefined;
  }
}

/**
 * Runs a program to its end. Throws a SpikeletError with what it printed where it fails, and with the line that
 * installs it where it is missing.
 */
export async function runTool(
  program: string,
  args: string[],
  { install, folder }: { install: string; folder?: string },
): Promise<string> {
  try {
    const { stdout } = await execute(program, args, {
      maxBuffer: 64 << 20,
      ...(folder ? { cwd: folder } : {}),
    });
    return stdout;
  } catch (error) {
    throw toolError(program, install, error as NodeJS.ErrnoException & { stderr?: string });
  }
}

export function toolError(
  program: string,
  install: string,
  error: NodeJS.ErrnoException & { stderr?: string },
): SpikeletError {
  if (error.code === 'ENOENT')
    return new SpikeletError(`${program} is not installed`, { hint: install, cause: error });
  const said = (error.stderr ?? error.message).trim().split('\n').slice(-20).join('\n');
  return new SpikeletError(`${program} failed: ${said}`, { code: exitCode.failure, cause: error });
}
