import { printable } from '../../../system/printable.js';
import { refusalOf } from '../../../system/refusal.js';
import {
  hasFields,
  type NpyData,
  type NpyType,
  type NpzEntry,
  openNpz,
  readNpy,
  readNpyFields,
} from '../npy.js';
import type { Events } from './events.js';

/** What an array of numbers does not say of itself. */
export type ArrayOptions = {
  /** Of an array [n, 4] or [n, 3]: what its columns are, a letter each, as 'xypt'. */
  columns?: string;
  unit?: Unit;
};

export type Unit = 'ns' | 'us' | 'ms' | 's';

/** Units a microsecond has; of ns a thousandth. */
const microseconds: Record<Unit, number> = { ns: 1e-3, us: 1, ms: 1e3, s: 1e6 };

/** What programs call the four, in small letters. */
const names: Record<keyof Columns, string[]> = {
  t: ['t', 'ts', 'time', 'times', 'timestamp', 'timestamps'],
  x: ['x', 'xs', 'col', 'column'],
  y: ['y', 'ys', 'row'],
  p: ['p', 'ps', 'pol', 'polarity', 'polarities', 'on'],
};

/** Whether these are names of the four, each of them once: of fields, or of arrays in an archive. */
export const nameEvents = (keys: readonly string[]): boolean =>
  Object.values(names).every((known) => keys.filter((key) => known.includes(key.toLowerCase())).length === 1);

type Columns = { t: Column; x: Column; y: Column; p: Column };
/** `float`: times in fractions, whose unit cannot be guessed. */
type Column = { data: NpyData; float: boolean };

/**
 * Events of a .npy or .npz: a structured array with fields t, x, y, p; an archive of arrays of these names, or of one
 * structured array; or an array [n, 4], whose columns have to be stated. Whole times are microseconds unless `unit` says
 * otherwise, fractions need it. Polarities are 0 and 1, or -1 and 1.
 */
export function readArrayEvents(bytes: Uint8Array, name: string, options: ArrayOptions = {}): Events {
  return eventsOf(
    bytes[0] === 0x50 ? ofArchive(bytes, name, options) : ofArray(bytes, name, options),
    name,
    options,
  );
}

function ofArchive(bytes: Uint8Array, name: string, options: ArrayOptions): Columns {
  const arrays = openNpz(bytes, name);
  const [only] = arrays.values();
  if (arrays.size === 1) return ofArray(only!.bytes(), only!.name, options);
  return pickColumns([...arrays.keys()], name, (key) => ofEntry(arrays.get(key)!));
}

function ofEntry({ name, bytes }: NpzEntry): Column {
  const { shape, data, type } = readNpy(bytes(), name);
  if (shape.length !== 1)
    return refusalOf(name)(`it has shape [${shape}]`, 'expected arrays t, x, y, p of one dimension');
  return { data, float: isFloat(type) };
}

const isFloat = (type: NpyType): boolean => type.startsWith('f');

function ofArray(bytes: Uint8Array, name: string, options: ArrayOptions): Columns {
  const refuse = refusalOf(name);
  if (hasFields(bytes, name)) {
    const { fields } = readNpyFields(bytes, name);
    return pickColumns([...fields.keys()], name, (key) => {
      const data = fields.get(key)!;
      return { data, float: data instanceof Float32Array || hasFractions(data) };
    });
  }
  const { shape, data, type } = readNpy(bytes, name);
  const letters = options.columns ?? '';
  if (shape.length !== 2)
    return refuse(`it has shape [${shape}]`, 'expected fields t, x, y, p, or [events, 4] and columns=xypt');
  const [rows, width] = shape as [number, number];
  if ([...letters].sort().join('') !== 'ptxy' || width !== 4)
    return refuse(
      `it is [${shape}] numbers, and ${letters ? `'${printable(letters)}' does not say` : 'does not say'} which column is which`,
      'say it, a letter for each of four columns: columns=xypt, or columns=txyp',
    );
  const column = (letter: string): Column => {
    const at = letters.indexOf(letter);
    const values = new Float64Array(rows);
    for (let i = 0; i < rows; i++) values[i] = data[i * width + at]!;
    return { data: values, float: isFloat(type) && hasFractions(values) };
  };
  return { t: column('t'), x: column('x'), y: column('y'), p: column('p') };
}

const hasFractions = (data: NpyData): boolean => data.some((value) => !Number.isInteger(value));

function pickColumns(keys: string[], name: string, read: (key: string) => Column): Columns {
  const pick = (what: keyof Columns): Column => {
    const found = keys.filter((key) => names[what].includes(key.toLowerCase()));
    if (found.length === 1) return read(found[0]!);
    return refusalOf(name)(
      found.length ? `it has ${found.map(printable).join(' and ')}` : `it has no ${what}`,
      `it holds ${keys.slice(0, 12).map(printable).join(', ')}; expected one of ${names[what].join(', ')}`,
    );
  };
  return { t: pick('t'), x: pick('x'), y: pick('y'), p: pick('p') };
}

function eventsOf({ t, x, y, p }: Columns, name: string, { unit }: ArrayOptions): Events {
  const refuse = refusalOf(name);
  const count = t.data.length;
  for (const [what, { data }] of Object.entries({ x, y, p }))
    if (data.length !== count)
      return refuse(`it has ${count} of t and ${data.length} of ${what}`, 'save it again');
  if (!count) return refuse('it holds no events', 'is it the recording of an event camera?');
  if (t.float && unit === undefined)
    return refuse(
      'its times have fractions, and their unit is not said',
      'say it: unit=s, unit=ms or unit=us',
    );
  const factor = microseconds[unit ?? 'us'];
  const place = (what: string, data: NpyData): Uint16Array =>
    Uint16Array.from(data, (value, i) =>
      Number.isInteger(value) && value >= 0 && value < 65536
        ? value
        : refuse(`${what} of event ${i} is ${value}`, `${what} has to be a whole number in 0..65535`),
    );
  return {
    t: Float64Array.from(t.data, (value, i) => {
      const us = Math.round(value * factor);
      return Number.isSafeInteger(us) ? us : refuse(`t of event ${i} is ${value}`, 'times have to be finite');
    }),
    x: place('x', x.data),
    y: place('y', y.data),
    p: Uint8Array.from(p.data, (value, i) =>
      value === 1
        ? 1
        : value === 0 || value === -1
          ? 0
          : refuse(`p of event ${i} is ${value}`, 'polarities are 0 and 1, or -1 and 1'),
    ),
    skipped: 0,
  };
}
