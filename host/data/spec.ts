import { exitCode, SpikeletError } from '../../models/error.js';

/** How data is named on the command line: `NAME`, `NAME=PATH`, with settings behind: `NAME=PATH,key=value,...`. */
export type Spec = { name: string; path: string | undefined; settings: Map<string, string> };

const usageError = (message: string, hint?: string): SpikeletError =>
  new SpikeletError(message, { code: exitCode.usage, ...(hint ? { hint } : {}) });

/** A setting's key begins a part; what has none belongs to the part before it, so a path or a value may hold commas. */
const KEY = /^([a-z][a-z-]*)=/;

/**
 * `wav=recordings,pattern=fsdd`: the part before the first `,key=` is the path. `gestures:seed=3,train=400` is how data
 * without a path is written; `gestures,seed=3` says the same.
 * @throws SpikeletError for a key that is given twice, and for an empty path.
 */
export function parseSpec(text: string): Spec {
  const [, name = '', mark, rest = ''] = /^([^:=,]*)([:=,])?(.*)$/s.exec(text) ?? [];
  const parts: string[] = [];
  for (const part of rest.split(',')) {
    const begins = KEY.test(part) && (parts.length > 0 || mark !== '=');
    if (begins || !parts.length) parts.push(part);
    else parts.push(`${parts.pop()},${part}`);
  }
  const path = mark === '=' ? parts.shift() : undefined;
  if (path === '') throw usageError(`dataset '${text}': the path behind = is empty`);
  const settings = new Map<string, string>();
  for (const part of mark ? parts : []) {
    const key = KEY.exec(part)?.[1];
    if (key === undefined)
      throw usageError(`dataset '${text}': cannot read '${part}'`, 'settings are key=value');
    if (settings.has(key)) throw usageError(`dataset '${text}': '${key}' is given twice`);
    settings.set(key, part.slice(key.length + 1));
  }
  return { name, path, settings };
}

/** How a setting is read. `parse` throws an Error whose message says what the value must be. */
export type Key<T> = { value: string; parse: (text: string) => T };

/** A source's settings, each with how it is read. */
export type Keys<S> = { [K in keyof S]-?: Key<NonNullable<S[K]>> };

const must = (what: string, text: string): Error => new Error(`must be ${what}, got '${text}'`);

export const wholeNumber = (least: number, most: number): Key<number> => ({
  value: 'N',
  parse(text) {
    const value = Number(text);
    if (!/^\d{1,10}$/.test(text) || value < least || value > most) throw must(`${least}..${most}`, text);
    return value;
  },
});

export const seconds = (least: number, most: number): Key<number> => ({
  value: 'SECONDS',
  parse(text) {
    const value = Number(text);
    if (!/^\d*\.?\d+$/.test(text) || value < least || value > most)
      throw must(`${least}..${most} seconds`, text);
    return value;
  },
});

export const word = (value: string): Key<string> => ({
  value,
  parse(text) {
    if (!text) throw must('a word', text);
    return text;
  },
});

export const oneOf = <T extends string>(...values: T[]): Key<T> => ({
  value: values.join('|'),
  parse(text) {
    const found = values.find((value) => value === text);
    if (found === undefined) throw must(values.join(' or '), text);
    return found;
  },
});

export const list = (value: string): Key<string[]> => ({
  value,
  parse(text) {
    const names = text.split('+');
    if (names.some((name) => !name)) throw must('names joined by +', text);
    return names;
  },
});

/** A regular expression, matched with a file's path below the folder. */
export const expression = (value: string, groups: string[] = []): Key<RegExp> => ({
  value,
  parse(text) {
    let found: RegExp;
    try {
      found = new RegExp(text, 'u');
    } catch (cause) {
      throw new Error(`must be a regular expression: ${(cause as Error).message}`);
    }
    for (const group of groups)
      if (!text.includes(`(?<${group}>`)) throw must(`an expression with a group (?<${group}>...)`, text);
    return found;
  },
});

/** The settings of a spec by a source's keys. Throws a usage error for a key it does not know and a value it cannot be. */
export function settingsOf<S>(spec: Spec, keys: Keys<S>): Partial<S> {
  const known = Object.keys(keys);
  return Object.fromEntries(
    [...spec.settings].map(([key, text]) => {
      if (!Object.hasOwn(keys, key))
        throw usageError(
          `dataset '${spec.name}' has no setting '${key}'`,
          known.length ? `it has ${known.join(', ')}` : 'omit it',
        );
      try {
        return [key, keys[key as keyof S].parse(text)];
      } catch (cause) {
        throw usageError(`dataset '${spec.name}': ${key} ${(cause as Error).message}`);
      }
    }),
  ) as Partial<S>;
}
