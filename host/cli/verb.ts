import { InvalidArgumentError, Option } from 'commander';
import type { Io } from './io.js';

/** One command of the command line: reads files, writes files, reports. Each has its own file in verbs/. */
export type Verb<O = Record<string, never>> = {
  summary: string;
  /** Positional arguments in commander's syntax: `<net>`, `[path]`. */
  arguments?: [syntax: string, description: string][];
  options: VerbOption[];
  /**
   * Whether it takes options from a configuration file. Such a file may contain code that is run, so only
   * verbs that make, run or measure something have this, never those that only look at a file.
   */
  configured?: true;
  /** `args` as in `arguments`, options by their camelCase names. */
  run(args: string[], options: O, io: Io): Promise<Outcome>;
};

/** `parse` turns the text into a value and throws through the `usage` helpers below. */
export type VerbOption = {
  flags: string;
  description: string;
  parse?: (text: string) => unknown;
  default?: unknown;
  /** An option that, if given, makes a configuration's value of this one ignored. */
  unless?: string;
  /** Whether a configuration's value of this option still applies, given the flags of the command line. */
  concerns?: (given: Record<string, unknown>) => boolean;
};

/** The camelCase name under which an option's value is passed. */
export const keyOf = ({ flags }: VerbOption): string => new Option(flags).attributeName();

/** Default options of a verb, for verbs that run others. */
export const defaultsOf = ({ options }: Verb): Record<string, unknown> =>
  Object.fromEntries(
    options.flatMap((option) => ('default' in option ? [[keyOf(option), option.default]] : [])),
  );

/** `result`: the object printed by --json; `code`: the exit code if it is not 0. */
export type Outcome = { result?: unknown; code?: number };

/** Ties a verb's option type to its own `run`, for a table of verbs with different options. */
export const verb = <O>(definition: Verb<O>): Verb => definition as unknown as Verb;

export { required, usageError } from '../system/usage.js';

/** For every verb that writes files. */
export const forceOption: VerbOption = {
  flags: '--force',
  description: 'replace what is at the place of an output, whatever it is',
};

/** Parser of a number in lowest..highest. */
export const number =
  (lowest: number, highest: number) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= lowest && value <= highest))
      throw new InvalidArgumentError(`a number from ${lowest} to ${highest} is needed.`);
    return value;
  };

/** Parser of an integer in lowest..highest. */
export const integer =
  (lowest: number, highest: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^[+-]?\d+$/.test(text.trim()) || !(value >= lowest && value <= highest))
      throw new InvalidArgumentError(`a whole number from ${lowest} to ${highest} is needed.`);
    return value;
  };

/** Parser of exactly `count` integers separated by commas. */
export const integers =
  (count: number, lowest: number, highest: number) =>
  (text: string): number[] => {
    const parts = text.split(',');
    if (parts.length !== count)
      throw new InvalidArgumentError(`${count} whole numbers separated by commas are needed.`);
    return parts.map(integer(lowest, highest));
  };

/** Parser of one to `most` integers separated by commas. */
export const integerList =
  (most: number, lowest: number, highest: number) =>
  (text: string): number[] => {
    const parts = text.split(',');
    if (parts.length > most)
      throw new InvalidArgumentError(`at most ${most} whole numbers separated by commas are needed.`);
    return parts.map(integer(lowest, highest));
  };

/** Parser of finite numbers separated by commas. */
export const numbers = (text: string): number[] =>
  text.split(',').map(number(-Number.MAX_VALUE, Number.MAX_VALUE));

/** Parser of a number of bytes: 393216, 384k (times 1024) or 2m. */
export const byteCount = (text: string): number => {
  const [, digits, unit] = /^(\d{1,12})([km]?)(?:i?b)?$/i.exec(text.trim()) ?? [];
  const count = Number(digits) * { k: 1024, m: 1024 ** 2, '': 1 }[unit?.toLowerCase() as 'k' | 'm' | '']!;
  if (!(count >= 1 && count <= 2 ** 32))
    throw new InvalidArgumentError('a number of bytes is needed, as 393216, 384k or 2m.');
  return count;
};

/** Parser of a comma-separated subset of `values`. */
export const someOf =
  <T extends string>(values: readonly T[]) =>
  (text: string): T[] => [...new Set(text.split(',').map(oneOf(values)))];

/** Parser of one of several words. */
export const oneOf =
  <T extends string | number>(values: readonly T[]) =>
  (text: string): T => {
    const value = values.find((candidate) => String(candidate) === text);
    if (value === undefined) throw new InvalidArgumentError(`choose one of ${values.join(', ')}.`);
    return value;
  };
