import { printable } from '../../system/printable.js';
import { mistakenFor, type Refuse, refusalOf } from '../../system/refusal.js';

/**
 * A recording. `samples` are i16, [frame][channel]; `rate` is in frames a second; `coding` says how the file
 * holds them.
 */
export type Wav = { rate: number; channels: number; frames: number; samples: Int16Array; coding: string };

const MAX_CHANNELS = 64;
const MAX_RATE = 1_000_000;

/** A file has a handful of chunks; one of more is damaged or hostile. */
const MAX_CHUNKS = 10_000;

const EXTENSIBLE = 0xfffe;

/** Chunks that programs write, to tell where the next one begins where a pad byte may be missing. */
const KNOWN =
  /^(fmt |data|LIST|fact|JUNK|junk|PAD |bext|cue |smpl|inst|PEAK|note|labl|iXML|id3 |ID3 |cart|afsp|FLLR)$/;

/** How a sample is held: bytes of one, and its value as i16. */
type Coding = { name: string; bytes: number; read: (view: DataView, at: number, little: boolean) => number };

const clamped = (value: number): number => Math.max(-32768, Math.min(32767, value));

const i24 = (view: DataView, at: number, little: boolean): number =>
  little
    ? view.getUint8(at) | (view.getUint8(at + 1) << 8) | (view.getInt8(at + 2) << 16)
    : view.getUint8(at + 2) | (view.getUint8(at + 1) << 8) | (view.getInt8(at) << 16);

/** Of a float in -1..1: floor(32768 x + 0.5), clamped. NaN stays NaN, and is refused. */
const fromFloat = (x: number): number => clamped(Math.floor(32768 * x + 0.5));

/** ITU-T G.711: a sign, a segment of 3 bits, 4 bits within it; A-law with every other bit inverted. */
function aLaw(byte: number): number {
  const code = byte ^ 0x55;
  const segment = (code >> 4) & 7;
  const low = ((code & 15) << 4) + 8;
  const magnitude = segment ? (low + 256) << (segment - 1) : low;
  return code & 0x80 ? magnitude : -magnitude;
}

function muLaw(byte: number): number {
  const code = ~byte & 0xff;
  const magnitude = ((((code & 15) << 3) + 132) << ((code >> 4) & 7)) - 132;
  return code & 0x80 ? -magnitude : magnitude;
}

/**
 * Every coding that is read, by its tag and bytes of a sample, and its rule to i16. Integers are
 * left-justified in their bytes, so fewer valid bits change nothing: 8 bits are unsigned, (v - 128) * 256; of
 * 24 and 32 bits the upper 16, rounded to nearest with halves up, clamped.
 */
const codings: Record<string, Coding> = {
  '1/1': { name: '8-bit', bytes: 1, read: (v, at) => (v.getUint8(at) - 128) * 256 },
  '1/2': { name: '16-bit', bytes: 2, read: (v, at, little) => v.getInt16(at, little) },
  '1/3': { name: '24-bit', bytes: 3, read: (v, at, little) => clamped((i24(v, at, little) + 128) >> 8) },
  '1/4': {
    name: '32-bit',
    bytes: 4,
    read: (v, at, little) => clamped(Math.floor((v.getInt32(at, little) + 32768) / 65536)),
  },
  '3/4': { name: '32-bit float', bytes: 4, read: (v, at, little) => fromFloat(v.getFloat32(at, little)) },
  '3/8': { name: '64-bit float', bytes: 8, read: (v, at, little) => fromFloat(v.getFloat64(at, little)) },
  '6/1': { name: 'A-law', bytes: 1, read: (v, at) => aLaw(v.getUint8(at)) },
  '7/1': { name: 'mu-law', bytes: 1, read: (v, at) => muLaw(v.getUint8(at)) },
};

/** Codings that are refused by name. */
const others: Record<number, string> = {
  0: 'an unknown coding',
  2: 'Microsoft ADPCM',
  17: 'IMA ADPCM',
  20: 'G.723 ADPCM',
  49: 'GSM 6.10',
  64: 'G.721 ADPCM',
  80: 'MPEG',
  85: 'MP3',
  255: 'AAC',
  353: 'Windows Media Audio',
  61868: 'FLAC',
};

const CONVERT = 'convert it: sox IN.wav -b 16 -e signed OUT.wav, or ffmpeg -i IN.wav -c:a pcm_s16le OUT.wav';
const CUT = 'the file is cut short or damaged: fetch or record it again';

/** The first chunk `fmt `, and where the samples are. */
type Layout = { fmt: { at: number; size: number }; data: { at: number; size: number } };

/**
 * Reads a WAV file whole. Chunks may come in any order before `data`, with or without the pad byte behind an
 * odd one. A size of 0 or 0xffffffff, as pipes leave it, or one beyond the end takes the bytes up to the end,
 * in whole frames.
 * @param name what errors call the file.
 * @throws SpikeletError for other codings (by name), a file without samples, and other files.
 */
export function readWav(bytes: Uint8Array, name: string): Wav {
  const refuse = refusalOf(name);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = bytes.length < 12 ? '' : fourcc(view, 0);
  if (magic === 'RF64' || magic === 'BW64')
    return refuse(
      `it is ${magic}, a WAV file of 64-bit sizes`,
      'cut it into shorter ones: ffmpeg -i IN.wav -f segment -segment_time 600 -rf64 never OUT%03d.wav',
    );
  if ((magic !== 'RIFF' && magic !== 'RIFX') || fourcc(view, 8) !== 'WAVE') {
    const instead = mistakenFor(bytes);
    return refuse(`it is not a WAV file${instead && `: ${instead}`}`, `expected RIFF....WAVE; ${CONVERT}`);
  }
  const little = magic === 'RIFF';
  const { fmt, data } = layoutOf(view, little, refuse);
  const { coding, channels, rate } = formatOf(view, fmt, little, refuse);
  const frameBytes = coding.bytes * channels;
  const frames = Math.floor(data.size / frameBytes);
  if (!frames) return refuse('it holds no samples', CUT);
  const samples = new Int16Array(frames * channels);
  for (let i = 0; i < samples.length; i++) {
    const value = coding.read(view, data.at + i * coding.bytes, little);
    if (Number.isNaN(value))
      return refuse(
        `frame ${Math.floor(i / channels)}, channel ${i % channels}: not a number`,
        'the program that wrote it divided by zero: write the file again',
      );
    samples[i] = value;
  }
  return { rate, channels, frames, samples, coding: coding.name };
}

const fourcc = (view: DataView, at: number): string =>
  String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));

function layoutOf(view: DataView, little: boolean, refuse: Refuse): Layout {
  const end = view.byteLength;
  let fmt: Layout['fmt'] | undefined;
  let at = 12;
  for (let chunks = 0; chunks < MAX_CHUNKS && at + 8 <= end; chunks++) {
    const id = fourcc(view, at);
    const size = view.getUint32(at + 4, little);
    const from = at + 8;
    if (id === 'data') {
      if (!fmt) return refuse(`its data, at byte ${at}, comes before its format`, CUT);
      if (size === 0 && isTrulyEmpty(view, from, little)) return { fmt, data: { at: from, size: 0 } };
      const unknown = size === 0 || size > end - from;
      return { fmt, data: { at: from, size: unknown ? end - from : size } };
    }
    if (size > end - from)
      return refuse(
        `its chunk '${printable(id)}' at byte ${at} announces ${size} bytes, ${end - from} are there`,
        CUT,
      );
    if (id === 'fmt ') fmt ??= { at: from, size };
    at = nextChunk(view, from + size, size);
  }
  return refuse(fmt ? 'it has no chunk of data' : 'it has no chunk of format', CUT);
}

/** An empty clip says so, and its size as a whole is right; a pipe leaves both open. */
const isTrulyEmpty = (view: DataView, from: number, little: boolean): boolean =>
  from === view.byteLength || view.getUint32(4, little) === view.byteLength - 8;

/**
 * Where the chunk behind one that ends at `end` begins: a pad byte follows an odd size, unless its writer
 * left it out.
 */
function nextChunk(view: DataView, end: number, size: number): number {
  if (size % 2 === 0) return end;
  const knownAt = (at: number) => at + 4 <= view.byteLength && KNOWN.test(fourcc(view, at));
  return !knownAt(end + 1) && knownAt(end) ? end : end + 1;
}

function formatOf(
  view: DataView,
  { at, size }: Layout['fmt'],
  little: boolean,
  refuse: Refuse,
): { coding: Coding; channels: number; rate: number } {
  if (size < 16) return refuse(`its format has ${size} bytes, at least 16 are needed`, CUT);
  const said = view.getUint16(at, little);
  if (said === EXTENSIBLE && size < 40)
    return refuse(`its extensible format has ${size} bytes, 40 are needed`, CUT);
  const tag = said === EXTENSIBLE ? view.getUint16(at + 24, little) : said;
  const channels = view.getUint16(at + 2, little);
  const rate = view.getUint32(at + 4, little);
  const frameBytes = view.getUint16(at + 12, little);
  const bits = view.getUint16(at + 14, little);
  if (Object.hasOwn(others, tag)) return refuse(`it is coded as ${others[tag]} (tag ${tag})`, CONVERT);
  if (channels < 1 || channels > MAX_CHANNELS)
    return refuse(`it announces ${channels} channels, 1..${MAX_CHANNELS} are read`, CUT);
  if (rate < 1 || rate > MAX_RATE)
    return refuse(`it announces a rate of ${rate} Hz, 1..${MAX_RATE} are read`, CUT);
  const bytes = frameBytes / channels;
  const coding = codings[`${tag}/${bytes}`];
  if (!coding)
    return refuse(
      `it holds samples of tag ${tag} in ${frameBytes} bytes a frame of ${channels} channels`,
      CONVERT,
    );
  // 24 bits in 4 bytes may be in the upper or in the lower ones: writers differ.
  if (Math.ceil(bits / 8) !== bytes)
    return refuse(`it announces ${bits} bits a sample and ${bytes} bytes for each`, CONVERT);
  return { coding, channels, rate };
}

/** What becomes of several channels: their mean, or channel k, counted from 0. */
export type Mix = 'mean' | number;

/**
 * One channel: `mean` is the sum of a frame's samples over their count, rounded to nearest with halves up, (l + r + 1) >> 1
 * of two; a number takes that channel.
 * @throws SpikeletError if the file lacks that channel.
 */
export function monoOf(wav: Wav, mix: Mix, name: string): Int16Array {
  const { channels, frames, samples } = wav;
  if (mix !== 'mean' && !(Number.isInteger(mix) && mix >= 0 && mix < channels))
    return refusalOf(name)(
      `it has no channel ${mix}`,
      channels === 1 ? 'it has one channel, 0' : `its channels are 0..${channels - 1}; or take their mean`,
    );
  if (channels === 1) return samples;
  const out = new Int16Array(frames);
  for (let i = 0; i < frames; i++) {
    if (mix !== 'mean') {
      out[i] = samples[i * channels + mix]!;
      continue;
    }
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += samples[i * channels + c]!;
    out[i] = Math.floor((2 * sum + channels) / (2 * channels));
  }
  return out;
}
