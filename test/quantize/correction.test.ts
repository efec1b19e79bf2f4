import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { correct } from '../../quantize/correction.js';
import { type Moments, momentsOf } from '../../quantize/statistics.js';
import { seeded } from '../support/random-graph.js';

const random = seeded(4);
/** Roughly normal. */
const noise = (): number => random() + random() + random() + random() - 2;
const POSITIONS = 50;

/** Images of one channel whose levels differ; what an accumulator of y = 0.5 acc + 1 would hold, and y. */
const images = Array.from({ length: 40 }, () => {
  const level = 6 * noise();
  return Float64Array.from({ length: POSITIONS }, () => level + 3 * noise());
});
const accumulators = images.map((y) => y.map((v) => Math.round((v - 1) / 0.5)));
const moments = (maps: Float64Array[]) => maps.map((map) => momentsOf(map, 1));

const corrected = (how: 'none' | 'bias' | 'statistics', wanted: Float64Array[], count = images.length) => {
  const scale = Float64Array.of(0.5);
  const offset = Float64Array.of(1);
  correct(how, moments(wanted).slice(0, count), moments(accumulators).slice(0, count), scale, offset);
  return [scale[0]!, offset[0]!] as const;
};
const near = (found: readonly number[], wanted: number[], tolerance: number): void => {
  for (const [i, x] of found.entries())
    assert.ok(Math.abs(x - wanted[i]!) <= tolerance, `${found} is not within ${tolerance} of ${wanted}`);
};

test('moments are per channel, in units', () => {
  const { mean, square } = momentsOf([1, 10, 3, 20], 2, 0.5);
  assert.equal([...mean], [1, 7.5]);
  assert.equal([...square], [1.25, 62.5]);
});

test('a layer that gives what it should stays as it is', () => {
  near(corrected('statistics', images), [0.5, 1], 0.005);
});

test('a shifted and a stretched output are found, each by the correction that knows it', () => {
  const shifted = images.map((y) => y.map((v) => v + 0.7));
  near(corrected('bias', shifted), [0.5, 1.7], 0.02);
  near(corrected('none', shifted), [0.5, 1], 0);
  const stretched = images.map((y) => y.map((v) => 1.3 * v + 0.7));
  // y = 1.3 (0.5 acc + 1) + 0.7
  near(corrected('statistics', stretched), [0.65, 2], 0.03);
  assert.is(corrected('bias', stretched)[0], 0.5);
});

test('what few images show by chance is not corrected', () => {
  // As many unlike sets of images with the same statistics as it takes to see how often chance is taken for
  // an error.
  const trials = 200;
  for (const count of [1, 2, 5, 10]) {
    let changed = 0;
    for (let trial = 0; trial < trials; trial++) {
      const [ours, other] = [0, 1].map(() =>
        Array.from({ length: count }, () => {
          const level = 6 * noise();
          return momentsOf(
            Array.from({ length: POSITIONS }, () => level + 3 * noise()),
            1,
          );
        }),
      ) as [Moments[], Moments[]];
      const offset = Float64Array.of(0);
      correct('bias', other, ours, Float64Array.of(1), offset);
      if (offset[0] !== 0) changed++;
    }
    // 5 % of the intervals do not hold the truth; 12 % of 200 trials is four deviations beyond that.
    assert.ok(changed <= (count === 1 ? 0 : 0.12 * trials), `${count} images: ${changed} of ${trials}`);
  }
});

test('a silent channel stays finite', () => {
  const scale = Float64Array.of(0.5);
  const offset = Float64Array.of(1);
  const silent = [new Float64Array(POSITIONS), new Float64Array(POSITIONS)];
  correct('statistics', moments(silent), moments(silent), scale, offset);
  assert.equal([scale[0], offset[0]], [0.5, 0]);
});

test.run();
