import { join } from 'node:path';
import { SpikeletError } from '../../../models/error.js';
import type { FrontEnd } from '../../../models/frontends/index.js';
import type { Assigned } from '../assign.js';
import { imagesOf } from '../raw-dataset.js';
import { readBounded } from '../read.js';
import { type Events, readEvents } from '../readers/events/index.js';
import { integer, sides, type Values, words } from '../settings.js';
import { labelledFiles, labelSettings } from './labels.js';
import { source } from './source.js';

const SUFFIX = /\.(bin|bs2|aedat|aedat[234]|raw|dat|npy|npz)$/i;

const MAX_FILE_BYTES = 2 ** 31;

/** Larger sides must be asked for: a small net should rarely see a whole sensor. */
const LARGEST_SIDE = 128;

/** A side of a sensor, and of the image of its counts (models/frontends/events.ts). */
const SIDES = { most: 4096, square: false };

const settings = {
  ...labelSettings,
  sensor: sides('sensor=34x34', SIDES),
  size: sides('size=34x34', SIDES),
  frames: integer('frames=1', 1, 64),
  ms: integer('ms=300', 1, 600_000),
  most: integer('most=15', 1, 255),
  polarity: words('polarity=separate', ['separate', 'merged']),
  order: words('order=sort', ['sort']),
};

/**
 * Recordings of an event camera as counts of ON and OFF events. A recording is cut into `frames` of equal time, by default
 * one that is as long as the longest training recording; a count stays at `most`.
 */
export const events = source({
  folder: 'needed',
  settings,
  async load(folder, values, { log = () => {}, input }) {
    const { files, classes, notes } = await labelledFiles(
      folder,
      { is: (path) => SUFFIX.test(path), what: 'recordings of events', known: input?.classes },
      values,
      log,
    );
    const read = async (file: string) => {
      const name = join(folder, file);
      const expected = { maxBytes: MAX_FILE_BYTES, what: 'a recording of events', tooLarge: 'cut it' };
      return readEvents(await readBounded(name, expected), name, values.order ? { order: 'sort' } : {});
    };
    const frontEnd = input?.frontEnd ?? (await countsOf(folder, files, values, read));
    if (frontEnd.kind !== 'events')
      throw new SpikeletError(`the net takes ${frontEnd.kind}, not events`, {
        hint: 'is this the right data?',
      });
    const images = imagesOf(folder, frontEnd, classes, 'first');
    const formats = new Set<string>();
    for (const { file, label, part } of files) {
      const { events: raw, format } = await read(file);
      formats.add(format);
      images.add({ raw, label, part });
    }
    const { sensor, size, per, frames, most } = frontEnd.parameters;
    const each = 'us' in per ? `${per.us / 1000} ms` : `${per.events} events`;
    log(
      `${folder}: ${[...formats].join(', ')}; sensor ${sensor.join('x')}, image ${size.join('x')}, ` +
        `${frames} frame${frames > 1 ? 's' : ''} of ${each}, counts up to ${most}`,
    );
    return images.done({ notes });
  },
});

async function countsOf(
  folder: string,
  files: Assigned[],
  values: Values<typeof settings>,
  read: (file: string) => Promise<{ events: Events }>,
): Promise<FrontEnd> {
  const { frames = 1, most = 15, polarity = 'separate' } = values;
  let [rows, columns, longest] = [0, 0, 0];
  // Recordings are read only for what the settings do not say.
  const told = values.sensor !== undefined && values.ms !== undefined;
  for (const { file, part } of told ? [] : files) {
    if (part !== 'train') continue;
    const { t, x, y, width, height } = (await read(file)).events;
    longest = Math.max(longest, t[t.length - 1]! - t[0]! + 1);
    rows = Math.max(rows, height ?? y.reduce((a, b) => Math.max(a, b + 1), 0));
    columns = Math.max(columns, width ?? x.reduce((a, b) => Math.max(a, b + 1), 0));
  }
  const sensor = values.sensor ?? [rows, columns];
  if (!values.size && Math.max(...sensor) > LARGEST_SIDE)
    throw new SpikeletError(`${folder}: a sensor of ${sensor.join('x')} makes large images`, {
      hint: 'say to which size events are counted: size=64x64',
    });
  const us = values.ms === undefined ? Math.ceil(longest / frames) : values.ms * 1000;
  return {
    kind: 'events',
    parameters: {
      ...{ sensor, size: values.size ?? sensor, polarity, per: { us, from: 'first' } },
      ...{ frames, stride: frames, most },
    },
    tables: {},
  };
}
