import { join } from 'node:path';
import { SpikeletError } from '../../../models/error.js';
import type { EventParameters, Events, FrontEnd } from '../../../models/frontends/index.js';
import { filesOf, type LabelledFile, type LabelSettings, labelFiles, labelKeys } from '../labelled-files.js';
import { listFiles } from '../listing.js';
import { imagesOf } from '../raw-dataset.js';
import { readBounded } from '../read.js';
import { readEvents } from '../readers/events/index.js';
import { type Key, oneOf, wholeNumber, word } from '../spec.js';
import { listedFiles } from '../stated-lists.js';
import { source } from './source.js';

type Settings = LabelSettings & {
  train: string;
  test: string;
  sensor: [rows: number, columns: number];
  size: [rows: number, columns: number];
  frames: number;
  ms: number;
  most: number;
  polarity: EventParameters['polarity'];
  order: 'sort';
};

const SUFFIX = /\.(bin|bs2|aedat|aedat[234]|raw|dat|npy|npz)$/i;

const MAX_FILE_BYTES = 2 ** 31;

/** Sides beyond this have to be asked for: an image of a whole sensor is rarely what a small net should see. */
const LARGEST_SIDE = 128;

const sides: Key<[number, number]> = {
  value: 'ROWSxCOLUMNS',
  parse(text) {
    const [, rows, columns] = /^(\d{1,4})x(\d{1,4})$/.exec(text) ?? [];
    if (!rows || Number(rows) < 1 || Number(columns) < 1)
      throw new Error(`must be ROWSxCOLUMNS, got '${text}'`);
    return [Number(rows), Number(columns)];
  },
};

/**
 * Recordings of an event camera as counts of ON and OFF events. `train` and `test` are lists in the folder, lines of a
 * recording's number and class; without them files are labelled as all are (`labelFiles`). A recording is cut into
 * `frames` of equal time, by default one as long as the longest recording that trains; a count stays at `most`.
 */
export const events = source<Settings>({
  path: { what: 'FOLDER' },
  keys: {
    ...labelKeys,
    train: word('LIST'),
    test: word('LIST'),
    sensor: sides,
    size: sides,
    frames: wholeNumber(1, 64),
    ms: wholeNumber(1, 600_000),
    most: wholeNumber(1, 255),
    polarity: oneOf('separate', 'merged'),
    order: oneOf('sort'),
  },
  async load(path, settings, { log = () => {}, input }) {
    const folder = path!;
    const all = filesOf(folder, await listFiles(folder), (file) => SUFFIX.test(file), 'recordings of events');
    const { files, classes, summary } =
      settings.train !== undefined || settings.test !== undefined
        ? await listedFiles(folder, all.files, settings, input?.classes)
        : labelFiles(folder, all.files, settings, { known: input?.classes });
    log(`${folder}: ${summary}`);
    const read = async (file: string) => {
      const name = join(folder, file);
      const expected = { maxBytes: MAX_FILE_BYTES, what: 'a recording of events', tooLarge: 'cut it' };
      return readEvents(await readBounded(name, expected), name, settings.order ? { order: 'sort' } : {});
    };
    const frontEnd =
      input?.frontEnd ?? (await countsOf(folder, files, settings, async (file) => (await read(file)).events));
    if (frontEnd.kind !== 'events')
      throw new SpikeletError(`the net takes ${frontEnd.kind}, not events`, {
        hint: 'is this the right data?',
      });
    const images = imagesOf(folder, frontEnd, classes, 'first');
    const formats = new Set<string>();
    for (const { path: file, label, split } of files) {
      const { events: raw, format } = await read(file);
      formats.add(format);
      images.add({ raw, label, split });
    }
    const { sensor, size, per, frames, most } = frontEnd.parameters;
    const each = 'us' in per ? `${per.us / 1000} ms` : `${per.events} events`;
    log(
      `${folder}: ${[...formats].join(', ')}; sensor ${sensor.join('x')}, image ${size.join('x')}, ` +
        `${frames} frame${frames > 1 ? 's' : ''} of ${each}, counts up to ${most}`,
    );
    return images.done({ summary });
  },
});

async function countsOf(
  folder: string,
  files: LabelledFile[],
  settings: Partial<Settings>,
  read: (file: string) => Promise<Events & { width?: number; height?: number }>,
): Promise<FrontEnd> {
  const { frames = 1, most = 15, polarity = 'separate' } = settings;
  let [rows, columns, longest] = [0, 0, 0];
  for (const { path, split } of files) {
    if (split !== 'train') continue;
    const { t, x, y, width, height } = await read(path);
    longest = Math.max(longest, t[t.length - 1]! - t[0]! + 1);
    rows = Math.max(rows, height ?? y.reduce((a, b) => Math.max(a, b + 1), 0));
    columns = Math.max(columns, width ?? x.reduce((a, b) => Math.max(a, b + 1), 0));
  }
  const sensor = settings.sensor ?? [rows, columns];
  if (!settings.size && Math.max(...sensor) > LARGEST_SIDE)
    throw new SpikeletError(`${folder}: a sensor of ${sensor.join('x')} makes large images`, {
      hint: 'say to which size events are counted: size=64x64',
    });
  const us = settings.ms === undefined ? Math.ceil(longest / frames) : settings.ms * 1000;
  return {
    kind: 'events',
    parameters: {
      sensor,
      size: settings.size ?? sensor,
      polarity,
      per: { us, from: 'first' },
      frames,
      stride: frames,
      most,
    },
    tables: {},
  };
}
