import { exitCode, SpikeletError } from '../../models/error.js';

/** An error of how something was called: exit code 2. */
export const usageError = (message: string, hint: string): SpikeletError =>
  new SpikeletError(message, { hint, code: exitCode.usage });

/** The value of an option that has no default and must be given, as a flag or in the configuration. */
export function required<T>(value: T | undefined, flag: string): T {
  if (value === undefined)
    throw usageError(
      `${flag} is needed`,
      "give the flag, or set it in spikelet.config.ts or .json; 'spikelet help' and the verb show what it takes",
    );
  return value;
}
