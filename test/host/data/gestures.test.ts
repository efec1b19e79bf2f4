import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { countLabels } from '../../../host/data/check.js';
import { ln, rotation } from '../../../host/data/gestures/math.js';
import { gestures } from '../../../host/data/gestures.js';
import { checkDataset, loadDataset } from '../../../host/data/index.js';
import { asciiFrame, asciiSpikes } from '../../../host/report/ascii.js';
import { type Dataset, rawImage, SpikeletError } from '../../../models/index.js';

const small = gestures({ seed: 1, train: 1600, test: 400 });

test('ln and rotation agree with Math to the last digits', () => {
  for (let i = 1; i <= 1024; i++) assert.ok(Math.abs(ln(i / 1024) - Math.log(i / 1024)) < 1e-14);
  for (let turns = -2; turns <= 2; turns += 1 / 64) {
    const [cos, sin] = rotation(turns);
    assert.ok(Math.abs(cos - Math.cos(2 * Math.PI * turns)) < 1e-14);
    assert.ok(Math.abs(sin - Math.sin(2 * Math.PI * turns)) < 1e-14);
  }
});

test('a seed means the same bytes everywhere', () => {
  const sums = [small.train, small.test].flatMap(({ images, labels }) => [crc(images), crc(labels)]);
  assert.equal(sums, ['7439b9c8', 'e5965762', 'bd1fc62d', 'd34459ce']);
});

test('classes are balanced and shuffled, counts are 0..15', () => {
  assert.equal([...countLabels(small.train, 8)], new Array(8).fill(200));
  assert.equal([...countLabels(small.test, 8)], new Array(8).fill(50));
  assert.ok(new Set(small.train.labels.subarray(0, 8)).size < 8, 'labels come in order');
  assert.ok(small.train.images.every((value) => value % 17 === 0));
  assert.ok(small.train.images.includes(255), 'no count reaches 15');
});

test('no image is empty or comes twice', () => {
  const seen = new Set<string>();
  for (const split of [small.train, small.test])
    for (let i = 0; i < split.count; i++) {
      const image = rawImage(split, small.shape, i);
      assert.ok(image.reduce((sum, value) => sum + value, 0) / 17 > 100, `image ${i} has hardly an event`);
      seen.add(Buffer.from(image).toString('latin1'));
    }
  assert.is(seen.size, 2000);
});

test('the test set does not depend on the size of the training set, and seeds differ', () => {
  const other = gestures({ seed: 1, train: 8, test: 400 });
  assert.equal(other.test.images, small.test.images);
  assert.not.equal(gestures({ seed: 2, train: 8, test: 8 }).train.images, other.train.images);
});

/** Share of test images whose nearest mean of a training class is their own class's, after `view`. */
function nearestMean(data: Dataset, view: (image: Uint8Array) => Float64Array): number {
  const size = view(rawImage(data.train, data.shape, 0)).length;
  const means = data.classes.map(() => new Float64Array(size));
  const counts = countLabels(data.train, data.classes.length);
  data.train.labels.forEach((label, i) => {
    const mean = means[label]!;
    view(rawImage(data.train, data.shape, i)).forEach((value, j) => {
      mean[j]! += value / counts[label]!;
    });
  });
  let right = 0;
  data.test.labels.forEach((label, i) => {
    const image = view(rawImage(data.test, data.shape, i));
    const distances = means.map((mean) => mean.reduce((sum, value, j) => sum + (value - image[j]!) ** 2, 0));
    if (distances.indexOf(Math.min(...distances)) === label) right++;
  });
  return right / data.test.count;
}

test('learnable, but not by comparing with class means', () => {
  const accuracy = nearestMean(small, (image) => Float64Array.from(image));
  assert.ok(accuracy > 0.45 && accuracy < 0.7, `nearest class mean: ${accuracy}`);
});

/** CRC-32 as zlib has it; node:zlib's own crc32 is younger than the oldest Node that spikelet runs on. */
function crc(data: Uint8Array | Uint16Array): string {
  const gzipped = gzipSync(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), { level: 1 });
  return gzipped.readUInt32LE(gzipped.length - 8).toString(16);
}

type Point = [x: number, y: number];

/** Centre of mass of what `weigh` makes of each pixel's ON and OFF counts, and the mass. */
function centre(image: Uint8Array, weigh: (on: number, off: number) => number): { at: Point; mass: number } {
  let [mass, sx, sy] = [0, 0, 0];
  for (let i = 0; i < image.length; i += 2) {
    // Single events are mostly noise.
    const [on, off] = [image[i]! / 17, image[i + 1]! / 17].map((count) => (count < 2 ? 0 : count));
    const weight = weigh(on!, off!);
    mass += weight;
    sx += weight * ((i >> 1) % 32);
    sy += weight * (i >> 6);
  }
  return { at: [sx / Math.max(1, mass), sy / Math.max(1, mass)], mass };
}

test('the physics: a bright hand leaves OFF where it came from and ON where it arrives', () => {
  const share = (name: string, enough: number, holds: (image: Uint8Array) => boolean) => {
    const label = small.classes.indexOf(name);
    const images = [...small.train.labels.keys()]
      .filter((i) => small.train.labels[i] === label)
      .map((i) => rawImage(small.train, small.shape, i));
    const right = images.filter(holds).length;
    assert.ok(right / images.length > enough, `${name}: ${right} of ${images.length}`);
  };
  const head = (image: Uint8Array) => centre(image, (on, off) => Math.max(0, on - off)).at;
  const tail = (image: Uint8Array) => centre(image, (on, off) => Math.max(0, off - on)).at;
  share('left', 0.95, (image) => head(image)[0] < tail(image)[0]);
  share('right', 0.95, (image) => head(image)[0] > tail(image)[0]);
  share('up', 0.95, (image) => head(image)[1] < tail(image)[1]);
  share('down', 0.95, (image) => head(image)[1] > tail(image)[1]);
  const surplus = (image: Uint8Array) => centre(image, (on) => on).mass - centre(image, (_, off) => off).mass;
  share('approach', 0.95, (image) => surplus(image) > 0);
  share('retreat', 0.95, (image) => surplus(image) < 0);
  // Seen from the middle, the fading trail is behind the head.
  const turn = (image: Uint8Array) => {
    const [hx, hy] = head(image);
    const [tx, ty] = centre(image, (on, off) => Math.min(on, off)).at;
    return (tx - 15.5) * (hy - 15.5) - (ty - 15.5) * (hx - 15.5);
  };
  share('clockwise', 0.8, (image) => turn(image) > 0);
  share('counter-clockwise', 0.8, (image) => turn(image) < 0);
});

test('the source refuses sizes and settings it does not have', async () => {
  const why = (spec: string) =>
    loadDataset(spec).then(
      () => 'nothing',
      (error) => {
        assert.instance(error, SpikeletError, error.stack);
        return `${error.message} | ${error.hint} | ${error.code}`;
      },
    );
  for (const spec of ['', 'mnist', '__proto__', 'constructor', 'gesture'])
    assert.match(
      await why(spec),
      /unknown dataset .*known datasets: gestures.*fashion-mnist.*idx=FOLDER.* 2$/,
    );
  assert.match(await why('idx'), /needs a folder/);
  assert.match(await why('idx='), /no folder after/);
  assert.match(await why('idx:a=1'), /takes no settings/);
  assert.match(await why('gestures=/tmp'), /takes no folder/);
  assert.match(await why('gestures:colour=3'), /unknown setting 'colour' .*seed=1, train=4000, test=800/);
  assert.match(await why('gestures:train=0'), /0 is not a whole number in 8\.\.100000/);
  assert.match(await why('gestures:seed=1,seed=2'), /seed= is given twice/);
  assert.match(await why('gestures:seed=-1'), /-1 is not a whole number in 0\.\.2147483647/);
});

test('settings reach the simulator', async () => {
  const data = await loadDataset('gestures:seed=2,train=16,test=8');
  assert.equal(data, gestures({ seed: 2, train: 16, test: 8 }));
});

test('checkDataset refuses what no training can use', () => {
  const why = (change: Partial<Dataset>) => {
    try {
      checkDataset({ ...small, ...change });
    } catch (error) {
      assert.instance(error, SpikeletError);
      return (error as SpikeletError).message;
    }
    return 'nothing';
  };
  const none = { count: 0, images: new Uint8Array(), labels: new Uint16Array() };
  assert.is(why({}), 'nothing');
  assert.match(why({ train: none }), /gestures \(training\): no images/);
  assert.match(why({ test: none }), /gestures \(test\): no images/);
  assert.match(why({ test: { ...small.test, images: small.test.images.subarray(1) } }), /do not fit/);
  assert.match(why({ test: { ...small.test, labels: small.test.labels.subarray(1) } }), /do not fit/);
  assert.match(why({ classes: small.classes.slice(1) }), /outside the classes 0\.\.6/);
  assert.match(why({ classes: [...small.classes, 'wave'] }), /no image of class wave/);
  assert.match(why({ classes: ['wave'] }), /1 class/);
  assert.match(why({ std: [1] }), /do not fit 2 channel/);
  assert.match(why({ std: [1, Number.NaN] }), /do not fit 2 channel/);
  assert.match(why({ std: [1, 0] }), /channel 1 are equal/);
});

test('asciiFrame: ON and OFF by strength, at most as wide as asked', () => {
  const frame = new Uint8Array(4 * 4 * 2);
  frame[0] = 255;
  frame[8] = 255;
  frame[3] = 255;
  frame[30] = 17;
  assert.is(asciiFrame(frame, [4, 4, 2]), '#-\n   .');
  assert.is(asciiFrame(Uint8Array.of(0, 128, 255, 255), [1, 4, 1]), ' +@@');
  assert.is(asciiFrame(Uint8Array.of(255, 255, 255, 0, 0, 0), [1, 2, 3]), '@');
  const image = rawImage(small.train, small.shape, 0);
  const lines = asciiFrame(image, small.shape).split('\n');
  assert.is(lines.length, 16);
  assert.ok(lines.every((line) => line.length <= 32));
  const wide = asciiFrame(new Uint8Array(224 * 224 * 3).fill(255), [224, 224, 3]).split('\n');
  assert.equal([wide.length, wide[0]?.length], [38, 75]);
});

test('asciiSpikes: maps side by side, one character per neuron', () => {
  const counts = Uint8Array.of(0, 4, 1, 3, 2, 2, 9, 1);
  assert.is(asciiSpikes(counts, [2, 2, 2], 8), 'channel 0 channel 1\n .        #*\n:#        :.');
  assert.is(asciiSpikes(counts, [2, 2, 2], 1), 'channel 0\n .\n:#');
  const wide = asciiSpikes(new Uint8Array(112 * 112 * 8).fill(1), [112, 112, 8], 3).split('\n');
  assert.ok(wide.every((line) => line.length <= 80));
  const small16 = asciiSpikes(new Uint8Array(16 * 16 * 6).fill(1), [16, 16, 6], 6).split('\n');
  assert.is(Math.max(...small16.map((line) => line.length)), 67);
  assert.is(small16.length, 17 + 1 + 17);
});

test.run();
