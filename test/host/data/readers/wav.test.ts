import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { monoOf, readWav } from '../../../../host/data/readers/wav.js';
import { readSafetensors } from '../../../../models/index.js';
import { refusedFor } from '../../../support/mutants.js';
import { ffmpeg, reference, sox } from '../../../support/needs.js';
import { shared } from '../../../support/shared.js';
import { testWith } from '../../../support/skip.js';
import { type Chunk, fmt, pcm, riff } from '../../../support/wav-files.js';

(await testWith([reference('vectors/frontends/wav.safetensors')]))(
  'the reference files, sample for sample',
  () => {
    const { tensors } = readSafetensors(readFileSync(shared('vectors/frontends/wav.safetensors')!));
    const names = [...tensors.keys()].filter((key) => key.endsWith('.bytes')).map((key) => key.slice(0, -6));
    assert.is(names.length, 19);
    for (const name of names) {
      const wav = readWav(tensors.get(`${name}.bytes`)!.data as Uint8Array, name);
      assert.is(wav.rate, Number(tensors.get(`${name}.rate`)!.data[0]), name);
      assert.equal(
        [...monoOf(wav, 'mean', name)],
        [...(tensors.get(`${name}.i16`)!.data as Int16Array)],
        name,
      );
    }
  },
);

(await testWith([reference('data/fsdd')]))(
  'recordings of spoken digits: 8 kHz, mono, as long as they are',
  () => {
    const folder = shared('data/fsdd/recordings')!;
    for (const file of readdirSync(folder).filter((_, i) => i % 200 === 0)) {
      const bytes = readFileSync(join(folder, file));
      const { rate, channels, samples } = readWav(bytes, file);
      assert.equal([rate, channels, samples.length], [8000, 1, (bytes.length - 44) / 2], file);
      const raw = new Int16Array(new Uint8Array(bytes.subarray(44)).buffer);
      assert.ok(Buffer.from(samples.buffer).equals(Buffer.from(raw.buffer)), file);
    }
  },
);

(await testWith([reference('data/fsdd'), reference('vectors/frontends/logmel-8k.safetensors')]))(
  'clips that the reference front end was given: the same samples',
  () => {
    const { tensors } = readSafetensors(readFileSync(shared('vectors/frontends/logmel-8k.safetensors')!));
    const clips = [...tensors].filter(([name]) => name.endsWith('.samples'));
    assert.is(clips.length, 6);
    for (const [name, { data }] of clips) {
      const file = name.replace('.samples', '.wav');
      const wav = readWav(readFileSync(join(shared('data/fsdd/recordings')!, file)), file);
      assert.equal([...monoOf(wav, 'mean', file)], [...(data as Int16Array)], file);
    }
  },
);

test('all samples of the file are read, whatever the sizes say', () => {
  const [format, data] = [fmt(1, 1, 16), pcm(1, -2, 300)];
  const saying = (size: number): Chunk => ['data', data[1], size];
  const same = [
    riff([format, saying(0)], 'RIFF', 0),
    riff([format, saying(0xffffffff)], 'RIFF', 0xffffffff),
    riff([format, data, ['LIST', Buffer.from('INFO')]]),
    riff([['JUNK', new Uint8Array(28)], format, ['fact', new Uint8Array(4)], data], 'RIFF', 7),
    new Uint8Array([...riff([format, saying(99)]), 1]),
  ];
  for (const bytes of same) assert.equal([...readWav(bytes, 'f').samples], [1, -2, 300]);
});

test('a pad byte may be missing behind an odd chunk', () => {
  const padded = riff([fmt(1, 1, 16), ['note', Buffer.from('abc')], pcm(5, 6)]);
  const at = Buffer.from(padded).indexOf('abc') + 3;
  const bare = new Uint8Array([...padded.subarray(0, at), ...padded.subarray(at + 1)]);
  for (const bytes of [padded, bare]) assert.equal([...readWav(bytes, 'f').samples], [5, 6]);
});

test('channels become one by their mean, or one of them is taken', () => {
  const wav = readWav(riff([fmt(1, 3, 16), pcm(1, 2, 2, -1, -2, -2, 32767, 32767, 32767)]), 'f');
  assert.equal([wav.channels, wav.frames], [3, 3]);
  assert.equal([...monoOf(wav, 'mean', 'f')], [2, -2, 32767]);
  assert.equal([...monoOf(wav, 1, 'f')], [2, -2, 32767]);
  refusedFor(/f: it has no channel 3/, () => monoOf(wav, 3, 'f'));
  const halves = readWav(riff([fmt(1, 2, 16), pcm(1, 2, -1, -2)]), 'f');
  assert.equal([...monoOf(halves, 'mean', 'f')], [2, -1]);
});

const bad: [string, Uint8Array, RegExp][] = [
  ['nothing', new Uint8Array(), /not a WAV file: it is empty/],
  ['a web page', Buffer.from('<!DOCTYPE html><html>'), /web page/],
  ['MP3', Buffer.from('ID3\x03 and so on, and on'), /it is an MP3 file/],
  ['RF64', riff([fmt(1, 1, 16), pcm(1)], 'RF64'), /RF64/],
  ['Microsoft ADPCM', riff([fmt(2, 1, 4, 8000, 256), pcm(1)]), /Microsoft ADPCM \(tag 2\)/],
  ['IMA ADPCM', riff([fmt(17, 1, 4, 8000, 256), pcm(1)]), /IMA ADPCM/],
  ['MP3 in WAV', riff([fmt(85, 1, 0, 8000, 1), pcm(1)]), /MP3 \(tag 85\)/],
  ['an unknown tag', riff([fmt(4242, 1, 16), pcm(1)]), /tag 4242/],
  ['24 bits in 4 bytes', riff([fmt(1, 1, 24, 8000, 4), pcm(1, 2)]), /24 bits a sample and 4 bytes/],
  ['no channels', riff([fmt(1, 0, 16, 8000, 2), pcm(1)]), /0 channels/],
  ['no rate', riff([fmt(1, 1, 16, 0), pcm(1)]), /rate of 0 Hz/],
  ['no samples', riff([fmt(1, 1, 16), pcm()]), /no samples/],
  [
    'no samples, but another chunk',
    riff([fmt(1, 1, 16), pcm(), ['LIST', Buffer.from('INFO')]]),
    /no samples/,
  ],
  ['half a frame', riff([fmt(1, 2, 16), pcm(1)]), /no samples/],
  ['data first', riff([pcm(1), fmt(1, 1, 16)]), /comes before its format/],
  ['no data', riff([fmt(1, 1, 16)]), /no chunk of data/],
  ['no format', riff([['LIST', Buffer.from('INFO')]]), /no chunk of format/],
  ['a short format', riff([['fmt ', new Uint8Array(14)], pcm(1)]), /14 bytes/],
  ['extensible, cut', riff([fmt(0xfffe, 1, 16), pcm(1)]), /40 are needed/],
  [
    'not a number',
    riff([fmt(3, 1, 32), ['data', new Uint8Array(Float32Array.of(0, Number.NaN).buffer)]]),
    /frame 1, channel 0: not a number/,
  ],
];
for (const [what, bytes, why] of bad)
  test(`refused: ${what}`, () => refusedFor(why, () => readWav(bytes, 'f.wav')));

/** A frame of each channel, all widths, that a program of another maker writes. */
const ramp = Int16Array.from({ length: 400 }, (_, i) => ((i * 2654435761) >> 15) | 0);

function written(
  program: string,
  args: (input: string, output: string) => string[],
  source = riff([fmt(1, 2, 16), ['data', new Uint8Array(ramp.buffer)]]),
): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'spikelet-wav-'));
  try {
    const [input, output] = [join(folder, 'in.wav'), join(folder, 'out.wav')];
    writeFileSync(input, source);
    execFileSync(program, args(input, output), { stdio: 'pipe' });
    return readFileSync(output);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const exact = (bytes: Uint8Array, what: string) =>
  assert.equal([...readWav(bytes, what).samples], [...ramp], what);

/** The largest difference of 8-bit codings: of u8, half a step; of the laws, half of their largest. */
const near = (bytes: Uint8Array, most: number, what: string) => {
  const { samples } = readWav(bytes, what);
  assert.is(samples.length, ramp.length, what);
  const worst = Math.max(...samples.map((value, i) => Math.abs(value - ramp[i]!)));
  assert.ok(worst > 0 && worst <= most, `${what}: ${worst}`);
};

(await testWith([sox]))('what sox writes in every width is read back', () => {
  const made = (...how: string[]) => written('sox', (input, output) => ['-D', input, ...how, output]);
  for (const bits of ['16', '24', '32']) exact(made('-e', 'signed', '-b', bits), `sox ${bits}`);
  for (const bits of ['32', '64']) exact(made('-e', 'float', '-b', bits), `sox float ${bits}`);
  exact(made('-B', '-b', '16'), 'sox big-endian');
  near(made('-e', 'unsigned', '-b', '8'), 256, 'sox 8');
  near(made('-e', 'a-law'), 1024, 'sox A-law');
  near(made('-e', 'mu-law'), 1024, 'sox mu-law');
  const codes = Uint8Array.from({ length: 256 }, (_, i) => i);
  for (const tag of [6, 7]) {
    const source = riff([fmt(tag, 1, 8), ['data', codes]]);
    const decoded = written(
      'sox',
      (input, output) => ['-D', input, '-e', 'signed', '-b', '16', output],
      source,
    );
    assert.equal(readWav(source, 'f').samples, readWav(decoded, 'f').samples, `every code of tag ${tag}`);
  }
  refusedFor(/Microsoft ADPCM/, () => readWav(made('-e', 'ms-adpcm'), 'f'));
  refusedFor(/IMA ADPCM/, () => readWav(made('-e', 'ima-adpcm'), 'f'));
});

(await testWith([ffmpeg]))('what ffmpeg writes in every width is read back', () => {
  const made = (codec: string, ...how: string[]) =>
    written('ffmpeg', (input, output) => ['-v', 'error', '-i', input, '-c:a', codec, ...how, output]);
  for (const codec of ['s16le', 's24le', 's32le', 'f32le', 'f64le']) exact(made(`pcm_${codec}`), codec);
  near(made('pcm_u8'), 256, 'u8');
  near(made('pcm_alaw'), 1024, 'A-law');
  near(made('pcm_mulaw'), 1024, 'mu-law');
  refusedFor(/RF64/, () => readWav(made('pcm_s16le', '-rf64', 'always'), 'f'));
  refusedFor(/ADPCM/, () => readWav(made('adpcm_ms'), 'f'));
});

test.run();
