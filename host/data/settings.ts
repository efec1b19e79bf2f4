import type { SpikeletError } from '../../models/error.js';
import { printable } from '../system/printable.js';
import { usageError } from '../system/usage.js';

/** A setting of a source: how it is written, for help, and what becomes of its text, which it may refuse. */
export type Setting<T = unknown> = { usage: string; parse: (text: string) => T };

export type Settings = Record<string, Setting>;

/** What the settings of a table become; all may be absent. */
export type Values<S extends Settings> = { [K in keyof S]?: ReturnType<S[K]['parse']> };

const refusal = (key: string, text: string, usage: string): SpikeletError =>
  usageError(`${key}=${printable(text)} cannot be read`, `expected ${usage}`);

/** A whole number within bounds. */
export const integer = (usage: string, least: number, most: number): Setting<number> => ({
  usage,
  parse(text) {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : -1;
    if (value >= least && value <= most) return value;
    throw usageError(`${printable(text)} is not a whole number in ${least}..${most}`, `expected ${usage}`);
  },
});

export const words = <T extends string>(usage: string, known: readonly T[]): Setting<T> => ({
  usage,
  parse(text) {
    const found = known.find((one) => one === text);
    if (found !== undefined) return found;
    throw refusal(usage.split('=')[0]!, text, known.join(', '));
  },
});

/** Rows and columns: ROWSxCOLUMNS, or one side of both where a `square` may be said so. */
export const sides = (
  usage: string,
  { most, square }: { most: number; square: boolean },
): Setting<[rows: number, columns: number]> => ({
  usage,
  parse(text) {
    const [, rows, columns = square ? rows : undefined] = /^(\d{1,4})(?:x(\d{1,4}))?$/.exec(text) ?? [];
    const found: [number, number] = [Number(rows), Number(columns)];
    if (found.every((side) => side >= 1 && side <= most)) return found;
    throw usageError(
      `${usage.split('=')[0]} must be ${square ? 'a side or ' : ''}ROWSxCOLUMNS of 1..${most}`,
      `expected ${usage}`,
    );
  },
});

/** Columns by name or number (from 1), with + between them and ranges of numbers: ax+ay+az, 2-7. */
export const columns: Setting<(string | number)[]> = {
  usage: 'columns=ax+ay+az or columns=2-7',
  parse(text) {
    const found = text.split('+').flatMap((part): (string | number)[] => {
      const [, first, last] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part) ?? [];
      if (first === undefined) return part ? [part] : [];
      const [from, to] = [Number(first), Number(last ?? first)];
      return from <= to ? Array.from({ length: to - from + 1 }, (_, i) => from + i) : [];
    });
    if (found.length && !text.split('+').includes('') && new Set(found).size === found.length) return found;
    throw refusal('columns', text, columns.usage);
  },
};

/**
 * A spec `NAME=PATH,key=value,...` taken apart. Only `,KEY=` of a known key ends a path or a value, so both may hold commas:
 * `group=_([a-z]{2,9})_`.
 * @throws SpikeletError for a setting given twice, a value that it refuses, and what looks like an unknown setting at the
 * end of the spec.
 */
export function parseSource<S extends Settings>(
  rest: string,
  name: string,
  table: S,
): { path: string; values: Values<S> } {
  const keys = Object.keys(table);
  const known = new RegExp(`,(?=(?:${keys.join('|')})=)`);
  const [path = '', ...parts] = keys.length ? rest.split(known) : [rest];
  const fail = (message: string) =>
    usageError(
      `${name}: ${message}`,
      `settings of ${name}: ${Object.values(table)
        .map(({ usage }) => usage)
        .join(', ')}`,
    );
  if (!path) throw fail('no folder after the =');
  const [, unknown] = /,([a-z]{1,20})=(?:[^/]*|[\d/]*)$/i.exec(path) ?? [];
  if (unknown) throw fail(`unknown setting '${unknown}'`);
  const values: Record<string, unknown> = {};
  for (const part of parts) {
    const key = part.slice(0, part.indexOf('='));
    if (Object.hasOwn(values, key)) throw fail(`${key}= is given twice`);
    const text = part.slice(key.length + 1);
    const [, stray] = /,([a-z]{1,20})=[^()[\]{}]*$/i.exec(text) ?? [];
    if (stray) throw fail(`unknown setting '${stray}'`);
    if (!text) throw fail(`${key}= is empty`);
    values[key] = table[key]!.parse(text);
  }
  return { path, values: values as Values<S> };
}
