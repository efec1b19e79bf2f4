import { join } from 'node:path';
import { SpikeletError } from '../../../models/error.js';
import { type FrontEnd, logmelFrontEnd, logmelParameters } from '../../../models/frontends/index.js';
import { imagesOf } from '../raw-dataset.js';
import { readBounded } from '../read.js';
import { monoOf, readWav, type Wav } from '../readers/wav.js';
import { integer, type Values } from '../settings.js';
import { labelledFiles, labelSettings } from './labels.js';
import { source } from './source.js';

const settings = {
  ...labelSettings,
  ms: integer('ms=1000', 50, 60_000),
  mean: integer('mean=5', 1, 12),
  channel: integer('channel=0', 0, 63),
  bands: integer('bands=20', 1, 128),
};

/** Speech Commands keeps noise for mixing there, which is not a class. */
const NOISE = /(^|\/)_background_noise_\//;

/** A minute of sound at 192 kHz in 8 channels of 32 bits. */
const MAX_FILE_BYTES = 2 ** 29;

/**
 * Recordings as the log-mel image of their first `ms`; shorter ones end in silence. Several channels become their mean, or
 * `channel`. `mean=5` subtracts a running mean over 2^5 frames from each band.
 */
export const wav = source({
  folder: 'needed',
  settings,
  async load(folder, values, { log = () => {}, input }) {
    const is = (path: string) => /\.wave?$/i.test(path) && !NOISE.test(path);
    const known = input?.classes;
    const { files, classes, notes } = await labelledFiles(
      folder,
      { is, what: 'WAV files', known },
      values,
      log,
    );
    const read = async (file: string): Promise<Wav> => {
      const name = join(folder, file);
      const expected = {
        maxBytes: MAX_FILE_BYTES,
        what: 'a WAV file',
        tooLarge: 'cut it into shorter files',
      };
      return readWav(await readBounded(name, expected), name);
    };
    const { rate } = await read(files[0]!.file);
    const frontEnd = input?.frontEnd ?? melOf(rate, values);
    if (frontEnd.kind !== 'logmel')
      throw new SpikeletError(`the net takes ${frontEnd.kind}, not sound`, {
        hint: 'is this the right data?',
      });
    const { sampleRate, window, hop, frames } = frontEnd.parameters;
    const length = window + (frames - 1) * hop;
    const images = imagesOf(folder, frontEnd, classes, 'first');
    let longer = 0;
    for (const { file, label, part } of files) {
      const one = await read(file);
      if (one.rate !== sampleRate)
        throw new SpikeletError(
          `${join(folder, file)} has ${one.rate} samples a second, ${input?.frontEnd ? 'the net takes' : 'the first file has'} ${sampleRate}`,
          { hint: `resample it: sox IN.wav -r ${sampleRate} OUT.wav` },
        );
      if (one.frames > length) longer++;
      images.add({ raw: monoOf(one, values.channel ?? 'mean', join(folder, file)), label, part });
    }
    const cut = longer ? `; ${longer} files are longer than that, the rest of them is not used` : '';
    log(`${folder}: ${(length / sampleRate).toFixed(2)} s of each at ${sampleRate} Hz${cut}`);
    return images.done({ notes, cut: longer });
  },
});

/** The preset of the rate, with as many frames as `ms` hold. */
function melOf(rate: number, { ms = 1000, mean, bands }: Values<typeof settings>): FrontEnd {
  const wanted = {
    sampleRate: rate,
    bandsAre: 'channels' as const,
    ...(mean === undefined ? {} : { mean }),
    ...(bands === undefined ? {} : { bands }),
  };
  const { window, hop } = logmelParameters({ ...wanted, frames: 1 });
  const frames = 1 + Math.floor((Math.round((ms * rate) / 1000) - window) / hop);
  if (frames < 1)
    throw new SpikeletError(`ms=${ms} is shorter than a window of ${window} samples at ${rate} Hz`, {
      hint: `give ms=${Math.ceil((1000 * window) / rate)} or more`,
    });
  return logmelFrontEnd({ ...wanted, frames });
}
