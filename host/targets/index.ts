import { usageError } from '../system/usage.js';
import { firmware } from './firmware.js';
import { flagOf, nameOf, problemWith, type TargetOption } from './options.js';
import type { Target, TargetVerb } from './target.js';
import { verilog } from './verilog.js';
import { wasm } from './wasm.js';

/** Every target, in the order of help. */
export const targets = { wasm, firmware, verilog };

export type TargetName = keyof typeof targets;

export const targetNames = Object.keys(targets) as TargetName[];

/** A target whose options were checked by its table: `settled`. */
export const targetOf = (name: TargetName): Target => targets[name] as Target;

/** Targets that have a profiler. */
export const profiled = targetNames.filter((name) => targetOf(name).profile !== undefined);

/** The target that builds for a board, of those that are profiled; undefined where there is no such board. */
export const targetOfBoard = (board: string): TargetName | undefined =>
  profiled.find((name) => targetOf(name).boards.some((each) => each.name === board));

/** The targets for which a verb takes an option. */
export const targetsWith = (verb: TargetVerb, name: string): TargetName[] =>
  targetNames.filter((target) => optionOf(target, verb, name) !== undefined);

const optionOf = (target: TargetName, verb: TargetVerb, name: string): TargetOption | undefined =>
  targetOf(target).options[verb].find((option) => nameOf(option) === name);

/**
 * Options of a verb for a target, with its defaults. Throws a SpikeletError (code 2) where one is for other
 * targets, is unknown, or its value is not one of those that the table allows.
 */
export function settled<O extends object>(target: TargetName, verb: TargetVerb, given: O): O {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const option = optionOf(target, verb, name);
    const others = targetsWith(verb, name);
    if (!option && others.length)
      throw usageError(
        `${flagOf(name)} is for ${others.join(' and ')}`,
        `omit it: ${verb} for ${target} takes ${flagsOf(target, verb) || 'no options'}`,
      );
    if (!option)
      throw usageError(
        `${verb} has no option '${name}'`,
        `for ${target} it takes ${flagsOf(target, verb) || 'none'}`,
      );
    const problem = problemWith(value, option.value);
    if (problem) throw usageError(`${flagOf(name)} ${problem}`, option.description);
  }
  const defaults = targetOf(target).options[verb].flatMap((option) =>
    option.default === undefined ? [] : [[nameOf(option), option.default] as const],
  );
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries([...defaults, ...set]) as O;
}

const flagsOf = (target: TargetName, verb: TargetVerb): string =>
  targetOf(target)
    .options[verb].map((option) => flagOf(nameOf(option)))
    .join(', ');

/** Runs what a target checks before minutes of work: options, boards, installed tools. */
export async function requireFor(target: TargetName, verb: TargetVerb, options: object): Promise<void> {
  await targetOf(target).require?.[verb]?.(options);
}
