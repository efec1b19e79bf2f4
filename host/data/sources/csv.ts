import { join } from 'node:path';
import { SpikeletError } from '../../../models/error.js';
import { type FrontEnd, windowMultiplier } from '../../../models/frontends/index.js';
import { listed, printable } from '../../system/printable.js';
import { filesOf, type LabelSettings, labelFiles, labelKeys } from '../labelled-files.js';
import { listFiles } from '../listing.js';
import { imagesOf } from '../raw-dataset.js';
import { readBounded } from '../read.js';
import { type Csv, columnsOf, numbersOf, readCsv, textsOf } from '../readers/csv.js';
import { type Key, list, wholeNumber, word } from '../spec.js';
import { type Part, parseShares, splitOf } from '../split.js';
import { source } from './source.js';

type Settings = Omit<LabelSettings, 'group' | 'holdout'> & {
  columns: string[];
  label: string;
  subject: string;
  rate: number;
  window: number;
  hop: number;
  lsb: number[];
};

/** Samples of one sensor without a break: one file, subject and class. `samples` are i16, [time][channel]. */
type Run = { unit: string; class: string; samples: Int16Array };

const MAX_FILE_BYTES = 2 ** 30;

/** Bits behind the multipliers of a window's front end. */
const SHIFT = 14;

const lsb: Key<number[]> = {
  value: 'NUMBER',
  parse(text) {
    const values = text.split('+').map(Number);
    if (!values.every((value) => Number.isFinite(value) && value > 0))
      throw new Error(`must be one positive number, or one for each column joined by +, got '${text}'`);
    return values;
  },
};

/**
 * Sensors as tables: one file for each recording, in class folders, or with a column of labels. `columns` are the
 * channels (all columns of numbers but label, subject and one called time); windows of `window` rows begin every `hop` and
 * never reach over a change of label or subject. A model takes the sensor's own counts, i16: values that are not whole
 * need `lsb`, what one count is worth. The split is by file, or by `subject`.
 */
export const csv = source<Settings>({
  path: { what: 'FOLDER' },
  keys: {
    pattern: labelKeys.pattern,
    split: { value: '80/10/10', parse: parseShares },
    seed: labelKeys.seed,
    columns: list('A+B'),
    label: word('COLUMN'),
    subject: word('COLUMN'),
    rate: wholeNumber(1, 1_000_000),
    window: wholeNumber(2, 65_536),
    hop: wholeNumber(1, 65_536),
    lsb,
  },
  async load(path, settings, { log = () => {}, input }) {
    const folder = path!;
    const found = filesOf(
      folder,
      await listFiles(folder),
      (file) => /\.(csv|tsv|txt)$/i.test(file),
      'CSV files',
    );
    const ofFile =
      settings.label === undefined
        ? labelFiles(folder, found.files, settings, { known: input?.classes })
        : undefined;
    const runs: Run[] = [];
    let channels: string[] | undefined;
    for (const file of found.files) {
      const name = join(folder, file);
      const bytes = await readBounded(name, {
        maxBytes: MAX_FILE_BYTES,
        what: 'a CSV file',
        tooLarge: 'cut it',
      });
      const text = [settings.label, settings.subject].filter((column) => column !== undefined);
      const table = readCsv(bytes, name, { text });
      const names = channelsOf(table, settings, name);
      channels ??= names;
      if (names.join() !== channels.join())
        throw new SpikeletError(`${name} has other columns: ${listed(names)}`, {
          hint: `the first file has ${listed(channels)}: say which to take, columns=A+B`,
        });
      const fixed = ofFile?.files.find((one) => one.path === file);
      runs.push(
        ...runsOf(table, { file, name, channels, settings, fixed: fixed && ofFile!.classes[fixed.label]! }),
      );
    }
    const classes = input?.classes ?? ofFile?.classes ?? [...new Set(runs.map((run) => run.class))].sort();
    const strange = runs.find((run) => !classes.includes(run.class));
    if (strange)
      throw new SpikeletError(`${folder}: the net has no class '${printable(strange.class)}'`, {
        hint: `its classes are ${listed(classes)}`,
      });
    const parts = partsOf(runs, settings, ofFile);
    const frontEnd = input?.frontEnd ?? windowOf(runs, parts, channels!.length, settings);
    if (frontEnd.kind !== 'window' || frontEnd.parameters.channels !== channels!.length)
      throw new SpikeletError(`the net does not take windows of ${channels!.length} channels`, {
        hint: 'is this the right data? columns= says which columns are channels',
      });
    const images = imagesOf(folder, frontEnd, classes, 'all');
    const count: Record<Part, number> = { train: 0, val: 0, test: 0 };
    for (const run of runs) {
      const split = parts.get(run.unit)!;
      count[split] += images.add({ raw: run.samples, label: classes.indexOf(run.class), split });
    }
    const { window, stride } = frontEnd.parameters;
    const summary =
      `${classes.length} classes by ${settings.label === undefined ? 'folder' : `column '${printable(settings.label)}'`}; ` +
      `channels ${listed(channels!.map(printable))}; windows of ${window} rows every ${stride}: ${count.train} to train, ` +
      `${count.val ? `${count.val} to validate, ` : ''}${count.test} to test, split by ${settings.subject === undefined ? 'recording' : 'subject'}`;
    log(`${folder}: ${summary}`);
    return images.done({ summary });
  },
});

function channelsOf(table: Csv, { columns, label, subject }: Partial<Settings>, name: string): string[] {
  if (columns) return columnsOf(table, columns, name).map((column) => table.columns[column]!.name);
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
    settings,
    fixed,
  }: {
    file: string;
    name: string;
    channels: string[];
    settings: Partial<Settings>;
    fixed: string | undefined;
  },
): Run[] {
  const values = numbersOf(table, columnsOf(table, channels, name), name);
  const samples = countsOf(values, channels, settings, name);
  const column = (which: string | undefined) =>
    which === undefined ? undefined : textsOf(table, columnsOf(table, [which], name)[0]!);
  const labels = column(settings.label);
  const subjects = column(settings.subject);
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
function countsOf(
  values: Float64Array,
  channels: string[],
  { lsb: worth }: Partial<Settings>,
  name: string,
): Int16Array {
  if (worth && worth.length !== 1 && worth.length !== channels.length)
    throw new SpikeletError(`lsb= has ${worth.length} numbers for ${channels.length} columns`, {
      hint: 'give one for all, or one for each',
    });
  const out = new Int16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const c = i % channels.length;
    const value = values[i]! / (worth?.[worth.length === 1 ? 0 : c] ?? 1);
    const whole = Math.round(value);
    const place = `${name}: row ${Math.floor(i / channels.length) + 1}, '${printable(channels[c]!)}' is ${values[i]}`;
    if (!worth && whole !== value) {
      const peak = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      throw new SpikeletError(`${place}, not a whole number`, {
        hint: `a model takes the sensor's own counts: say what one is worth, as in lsb=${(peak / 16384).toPrecision(2)}`,
      });
    }
    if (!(Math.abs(whole) <= 32767))
      throw new SpikeletError(`${place}, more than a sensor of 16 bits can count`, {
        hint: 'say what one count is worth: lsb=',
      });
    out[i] = whole;
  }
  return out;
}

function partsOf(
  runs: Run[],
  settings: Partial<Settings>,
  ofFile: { files: { path: string; split: Part }[] } | undefined,
): Map<string, Part> {
  if (ofFile && settings.subject === undefined)
    return new Map(ofFile.files.map(({ path, split }) => [path, split]));
  const units = new Map(runs.map((run) => [run.unit, run.class]));
  const names = [...units.keys()];
  const parts = splitOf(names, {
    shares: settings.split ?? { train: 80, val: 0, test: 20 },
    ...(settings.subject === undefined ? { labels: [...units.values()] } : {}),
    ...(settings.seed === undefined ? {} : { seed: settings.seed }),
  });
  return new Map(names.map((name, i) => [name, parts[i]!]));
}

/** Windows of every channel as it is, its largest training value 127. */
function windowOf(
  runs: Run[],
  parts: Map<string, Part>,
  channels: number,
  { rate = 50, window = 128, hop = window }: Partial<Settings>,
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
      stride: Math.min(hop, window),
    },
    tables: {},
  };
}
