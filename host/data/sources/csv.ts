import { join } from 'node:path';
import { SpikeletError } from '../../../models/error.js';
import { type FrontEnd, windowMultiplier } from '../../../models/frontends/index.js';
import { listed, printable } from '../../system/printable.js';
import { usageError } from '../../system/usage.js';
import { classNames } from '../assign.js';
import { byFolders, nameFiles } from '../naming.js';
import { imagesOf } from '../raw-dataset.js';
import { readBounded } from '../read.js';
import { type Csv, readCsv } from '../readers/csv.js';
import { columnsOf, numbersOf, textsOf } from '../readers/csv-columns.js';
import { columns, integer, type Setting, type Values } from '../settings.js';
import { type Part, splitOf } from '../split.js';
import { filesBelow, labelSettings } from './labels.js';
import { source } from './source.js';

/** Samples of one sensor without a break: one file, subject and class. `samples` are i16, [time][channel]. */
type Run = { unit: string; class: string; samples: Int16Array };

const MAX_FILE_BYTES = 2 ** 30;

/** Rows of a window where nothing else is said. */
const WINDOW = 128;

/** Bits behind the multipliers of a window's front end. */
const SHIFT = 14;

const column = (key: string): Setting<string> => ({ usage: `${key}=COLUMN`, parse: (text) => text });

const lsb: Setting<number[]> = {
  usage: 'lsb=0.001',
  parse(text) {
    const values = text.split('+').map(Number);
    if (values.every((value) => Number.isFinite(value) && value > 0)) return values;
    throw usageError(
      'lsb must be one positive number, or one for each column joined by +',
      'what one count of the sensor is worth: lsb=0.001',
    );
  },
};

const { pattern, split, seed } = labelSettings;

const settings = {
  ...{ pattern, split, seed, columns, lsb },
  label: column('label'),
  subject: column('subject'),
  rate: integer('rate=50', 1, 1_000_000),
  window: integer(`window=${WINDOW}`, 2, 65_536),
  hop: integer('hop=64', 1, 65_536),
};

type Given = Values<typeof settings>;

/**
 * Sensors as tables: one file for each recording, in class folders or by `pattern`, or files with a column of labels.
 * `columns` are the channels (all columns of numbers but label, subject and time); windows of `window` rows begin every
 * `hop` rows and never cross a change of label or subject. A model takes the sensor's own counts, i16: values that are not
 * whole need `lsb`. Recordings are split, or subjects, and windows cut after that.
 */
export const csv = source({
  folder: 'needed',
  settings,
  async load(folder, values, { log = () => {}, input }) {
    requireHop(values);
    const { files } = await filesBelow(folder, (file) => /\.(csv|tsv|txt)$/i.test(file), 'CSV files');
    const named = values.label === undefined ? nameFiles(files, values.pattern ?? byFolders) : undefined;
    const { runs, channels } = await readRuns(
      folder,
      files,
      values,
      named?.map(({ label }) => label),
    );
    const found = classNames(runs.map((run) => run.class));
    const classes = input?.classes ?? found;
    const strange = found.find((name) => !classes.includes(name));
    if (strange !== undefined)
      throw new SpikeletError(`${folder}: the net has no class '${printable(strange)}'`, {
        hint: `its classes are ${listed(classes)}`,
      });
    const parts = partsOf(folder, runs, values);
    const frontEnd = input?.frontEnd ?? windowOf(runs, parts, channels.length, values);
    if (frontEnd.kind !== 'window' || frontEnd.parameters.channels !== channels.length)
      throw new SpikeletError(`the net does not take windows of ${channels.length} channels`, {
        hint: 'is this the right data? columns= says which columns are channels',
      });
    const images = imagesOf(folder, frontEnd, classes, 'all');
    const count: Record<Part, number> = { train: 0, val: 0, test: 0 };
    let short = 0;
    for (const run of runs) {
      const part = parts.get(run.unit)!;
      const given = images.add({ raw: run.samples, label: classes.indexOf(run.class), part });
      count[part] += given;
      if (!given) short++;
    }
    const { window, stride } = frontEnd.parameters;
    const notes =
      `${classes.length} classes by ${values.label === undefined ? 'file' : `column '${printable(values.label)}'`}; ` +
      `channels ${listed(channels.map(printable))}; windows of ${window} rows every ${stride}: ${count.train} train, ` +
      `${count.val} val, ${count.test} test, split by ${values.subject === undefined ? 'recording' : 'subject'}` +
      (short ? `; ${short} of ${runs.length} pieces are shorter than a window and not used` : '');
    log(`${folder}: ${notes}`);
    return images.done({ notes });
  },
});

function requireHop({ window = WINDOW, hop = window }: Given): void {
  if (hop > window)
    throw usageError(
      `hop=${hop} is longer than a window of ${window} rows`,
      'give a hop of at most window=: windows follow each other, or overlap',
    );
}

async function readRuns(folder: string, files: string[], values: Given, labels: string[] | undefined) {
  const runs: Run[] = [];
  let channels: string[] | undefined;
  for (const [i, file] of files.entries()) {
    const name = join(folder, file);
    const bytes = await readBounded(name, {
      maxBytes: MAX_FILE_BYTES,
      what: 'a CSV file',
      tooLarge: 'cut it',
    });
    const text = [values.label, values.subject].filter((one) => one !== undefined);
    const table = readCsv(bytes, name, { text });
    const names = channelsOf(table, values, name);
    channels ??= names;
    if (names.join() !== channels.join())
      throw new SpikeletError(`${name} has other columns: ${listed(names.map(printable))}`, {
        hint: `the first file has ${listed(channels.map(printable))}: say which to take, columns=A+B`,
      });
    runs.push(...runsOf(table, { file, name, channels, values, fixed: labels?.[i] }));
  }
  return { runs, channels: channels! };
}

function channelsOf(table: Csv, { columns: wanted, label, subject }: Given, name: string): string[] {
  if (wanted) return columnsOf(table, wanted, name).map((column) => table.columns[column]!.name);
  const found = table.columns
    .filter(({ name: column, texts }) => !texts && column !== label && column !== subject)
    .map((column) => column.name)
    .filter((column) => !/^(t|time|timestamp|seconds|ms|us)$/i.test(column));
  if (!found.length)
    throw new SpikeletError(`${name}: no column of numbers`, {
      hint: 'say which columns are channels: columns=A+B',
    });
  return found;
}

function runsOf(
  table: Csv,
  {
    file,
    name,
    channels,
    values,
    fixed,
  }: {
    file: string;
    name: string;
    channels: string[];
    values: Given;
    fixed: string | undefined;
  },
): Run[] {
  const numbers = numbersOf(table, columnsOf(table, channels, name), name);
  const samples = countsOf(numbers, channels, values, name);
  const texts = (which: string | undefined) =>
    which === undefined ? undefined : textsOf(table, columnsOf(table, [which], name)[0]!);
  const labels = texts(values.label);
  const subjects = texts(values.subject);
  const runs: Run[] = [];
  for (let from = 0; from < table.rows; ) {
    let to = from + 1;
    while (to < table.rows && labels?.[to] === labels?.[from] && subjects?.[to] === subjects?.[from]) to++;
    runs.push({
      unit: subjects ? subjects[from]! : labels ? `${file}#${runs.length}` : file,
      class: fixed ?? labels![from]!,
      samples: samples.slice(from * channels.length, to * channels.length),
    });
    from = to;
  }
  return runs;
}

/** The sensor's counts. Throws where values are not whole and nobody said what one is worth, or beyond i16. */
function countsOf(values: Float64Array, channels: string[], { lsb: worth }: Given, name: string): Int16Array {
  if (worth && worth.length !== 1 && worth.length !== channels.length)
    throw new SpikeletError(`lsb= has ${worth.length} numbers for ${channels.length} columns`, {
      hint: 'give one for all, or one for each',
    });
  const out = new Int16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const c = i % channels.length;
    const value = values[i]! / (worth?.[worth.length === 1 ? 0 : c] ?? 1);
    const whole = Math.round(value);
    // Only of what is refused: a recording has millions of values.
    const place = () =>
      `${name}: row ${Math.floor(i / channels.length) + 1}, '${printable(channels[c]!)}' is ${values[i]}`;
    if (!worth && whole !== value) {
      const peak = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      throw new SpikeletError(`${place()}, not a whole number`, {
        hint: `a model takes the sensor's own counts: say what one is worth, as in lsb=${(peak / 16384).toPrecision(2)}`,
      });
    }
    if (!(Math.abs(whole) <= 32767))
      throw new SpikeletError(`${place()}, more than a sensor of 16 bits can count`, {
        hint: 'say what one count is worth: lsb=',
      });
    out[i] = whole;
  }
  return out;
}

function partsOf(
  folder: string,
  runs: Run[],
  { split: shares, seed: seeded, subject }: Given,
): Map<string, Part> {
  if (!shares)
    throw usageError(
      `${folder}: nothing says which recordings are for testing`,
      'say it: split=80/20, and subject=COLUMN to keep a person on one side',
    );
  const units = new Map(runs.map((run) => [run.unit, run.class]));
  const names = [...units.keys()];
  const parts = splitOf(names, {
    shares,
    ...(subject === undefined ? { labels: [...units.values()] } : {}),
    ...(seeded === undefined ? {} : { seed: seeded }),
  });
  return new Map(names.map((name, i) => [name, parts[i]!]));
}

/** Windows of every channel as it is, its largest training value 127. */
function windowOf(
  runs: Run[],
  parts: Map<string, Part>,
  channels: number,
  { rate = 50, window = WINDOW, hop = window }: Given,
): FrontEnd {
  const peaks = new Array<number>(channels).fill(1);
  for (const { unit, samples } of runs)
    if (parts.get(unit) === 'train')
      for (let i = 0; i < samples.length; i++)
        peaks[i % channels] = Math.max(peaks[i % channels]!, Math.abs(samples[i]!));
  return {
    kind: 'window',
    parameters: {
      rate,
      channels,
      outputs: peaks.map((peak, channel) => ({
        channel,
        take: 'raw' as const,
        multiplier: windowMultiplier(peak, SHIFT),
      })),
      smoothing: 5,
      shift: SHIFT,
      window,
      stride: hop,
    },
    tables: {},
  };
}
