import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SpikeletError } from '../../../models/error.js';
import { type FrontEnd, logmelFrontEnd, logmelParameters } from '../../../models/frontends/index.js';
import { filesOf, type LabelSettings, labelFiles, labelKeys } from '../labelled-files.js';
import { listFiles } from '../listing.js';
import { imagesOf } from '../raw-dataset.js';
import { readBounded } from '../read.js';
import { monoOf, readWav, type Wav } from '../readers/wav.js';
import { seconds, wholeNumber } from '../spec.js';
import type { Part } from '../split.js';
import { source } from './source.js';

type Settings = LabelSettings & {
  seconds: number;
  mean: number;
  channel: number;
  bands: number;
};

/** Speech Commands keeps noise to mix in there, no class. */
const NOISE = /(^|\/)_background_noise_\//;

/** Lists of the files that Speech Commands validates and tests with; all others train. */
const lists: [file: string, split: Part][] = [
  ['validation_list.txt', 'val'],
  ['testing_list.txt', 'test'],
];

/** A minute of sound at 192 kHz in 8 channels of 32 bits. */
const MAX_FILE_BYTES = 2 ** 29;

/**
 * Recordings as the log-mel image of their first `seconds`; shorter ones end in silence. Several channels become their
 * mean, or `channel`. `mean=5` takes a running mean over 2^5 frames from each band.
 */
export const wav = source<Settings>({
  path: { what: 'FOLDER' },
  keys: {
    ...labelKeys,
    seconds: seconds(0.05, 60),
    mean: wholeNumber(1, 12),
    channel: wholeNumber(0, 63),
    bands: wholeNumber(1, 128),
  },
  async load(path, settings, { log = () => {}, input }) {
    const folder = path!;
    const found = filesOf(folder, await listFiles(folder), (path) => /\.wave?$/i.test(path), 'WAV files');
    const paths = found.files.filter((file) => !NOISE.test(file));
    const noise = found.files.length - paths.length;
    const stated = await statedSplits(folder, new Set(paths));
    const { files, classes, summary } = labelFiles(folder, paths, settings, {
      known: input?.classes,
      stated,
    });
    log(`${folder}: ${summary}${noise ? `; ${noise} of _background_noise_ passed over` : ''}`);
    const read = async (file: string): Promise<Wav> => {
      const name = join(folder, file);
      const expected = {
        maxBytes: MAX_FILE_BYTES,
        what: 'a WAV file',
        tooLarge: 'cut it into shorter files',
      };
      return readWav(await readBounded(name, expected), name);
    };
    const { rate } = await read(files[0]!.path);
    const frontEnd = input?.frontEnd ?? melOf(rate, settings);
    if (frontEnd.kind !== 'logmel')
      throw new SpikeletError(`the net takes ${frontEnd.kind}, not sound`, {
        hint: 'is this the right data?',
      });
    const { sampleRate, window, hop, frames } = frontEnd.parameters;
    const length = window + (frames - 1) * hop;
    const images = imagesOf(folder, frontEnd, classes, 'first');
    let longer = 0;
    for (const { path: file, label, split } of files) {
      const one = await read(file);
      if (one.rate !== sampleRate)
        throw new SpikeletError(
          `${join(folder, file)} has ${one.rate} samples a second, ${input?.frontEnd ? 'the net takes' : 'the first file has'} ${sampleRate}`,
          { hint: `resample it: sox IN.wav -r ${sampleRate} OUT.wav` },
        );
      if (one.frames > length) longer++;
      images.add({ raw: monoOf(one, settings.channel ?? 'mean', join(folder, file)), label, split });
    }
    const cut = longer ? `; ${longer} files are longer than that, the rest of them is not used` : '';
    log(`${folder}: ${(length / sampleRate).toFixed(2)} s of each at ${sampleRate} Hz${cut}`);
    return images.done({ summary, cut: longer });
  },
});

/** The preset of the rate, with as many frames as `seconds` hold. */
function melOf(rate: number, { seconds: length = 1, mean, bands }: Partial<Settings>): FrontEnd {
  const wanted = {
    sampleRate: rate,
    bandsAre: 'channels' as const,
    ...(mean === undefined ? {} : { mean }),
    ...(bands === undefined ? {} : { bands }),
  };
  const { window, hop } = logmelParameters({ ...wanted, frames: 1 });
  const frames = 1 + Math.floor((Math.round(length * rate) - window) / hop);
  if (frames < 1)
    throw new SpikeletError(`seconds=${length} is shorter than a window of ${window} samples at ${rate} Hz`, {
      hint: `give seconds=${(window / rate).toFixed(2)} or more`,
    });
  return logmelFrontEnd({ ...wanted, frames });
}

async function statedSplits(folder: string, paths: Set<string>): Promise<Map<string, Part> | undefined> {
  const stated = new Map<string, Part>();
  for (const [file, split] of lists) {
    const text = await readFile(join(folder, file), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    for (const line of text.split(/\r?\n/)) if (paths.has(line)) stated.set(line, split);
  }
  return stated.size ? stated : undefined;
}
