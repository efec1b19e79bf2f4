import { targetNames, targetOf, targetsWith } from '../targets/index.js';
import { nameOf, type OptionValue, type TargetOption } from '../targets/options.js';
import type { TargetVerb } from '../targets/target.js';
import { byteCount, integer, number, oneOf, someOf, type VerbOption } from './verb.js';

/** Parser from an option's text to its value. */
export const parserOf = (value: OptionValue): VerbOption['parse'] => {
  switch (value.kind) {
    case 'flag':
    case 'text':
      return undefined;
    case 'bytes':
      return byteCount;
    case 'integer':
      return integer(value.from, value.to);
    case 'number':
      return number(value.from, value.to);
    case 'word':
      return oneOf(value.of);
    case 'words':
      return someOf(value.of);
  }
};

/**
 * A target's option as a verb's option. The target applies the default: an option that was not given stays
 * undefined here.
 */
export function verbOption({ flags, description, value, default: fallback }: TargetOption): VerbOption {
  const parse = parserOf(value);
  const shown = fallback === undefined ? '' : ` (default: ${fallback})`;
  return { flags, description: `${description}${shown}`, ...(parse ? { parse } : {}) };
}

/**
 * The options of all targets for a verb, each once, labelled with the targets that take it. `chosen`: the
 * target selected by the flags of the command line; a configuration's options for other targets are then
 * ignored.
 */
export function targetOptions(
  verb: TargetVerb,
  chosen: (given: Record<string, unknown>) => string | undefined,
): VerbOption[] {
  const all = targetNames.filter((target) => targetOf(target).options[verb].length);
  const names = new Set(all.flatMap((target) => targetOf(target).options[verb].map(nameOf)));
  return [...names].map((name) => {
    const found = all.flatMap((target) => {
      const option = targetOf(target).options[verb].find((each) => nameOf(each) === name);
      return option ? [{ target, ...verbOption(option) }] : [];
    });
    const described = new Map<string, string[]>();
    for (const { target, description } of found)
      described.set(description, [...(described.get(description) ?? []), target]);
    const texts = [...described].map(([text, targets]) =>
      targets.length === all.length ? text : `${targets.join(', ')}: ${text}`,
    );
    const { target: _, ...option } = found[0]!;
    return {
      ...option,
      description: texts.join('; '),
      concerns: (given) => {
        const target = chosen(given);
        return target === undefined || targetsWith(verb, name).some((each) => each === target);
      },
    };
  });
}

/** A verb's options that belong to its targets, without those that were not given. */
export const targetFlags = (verb: TargetVerb, options: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(options).filter(
      ([name, value]) => value !== undefined && targetsWith(verb, name).length > 0,
    ),
  );
