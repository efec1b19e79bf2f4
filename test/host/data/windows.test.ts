import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { timingOf, windowStarts } from '../../../host/data/windows.js';
import { readSafetensors } from '../../../models/index.js';
import { refusedFor } from '../../support/mutants.js';
import { reference } from '../../support/needs.js';
import { shared } from '../../support/shared.js';
import { testWith } from '../../support/skip.js';

const every = (step: number, count = 20) => Float64Array.from({ length: count }, (_, i) => i * step);

test('rate and unit follow from the median step', () => {
  const cases: [number, string, number][] = [
    [0.02, 's', 50],
    [20, 'ms', 50],
    [20_000, 'us', 50],
    [50_000_000, 'ns', 20],
  ];
  for (const [step, unit, rate] of cases) {
    const found = timingOf(every(step), 'f');
    assert.is(found.unit, unit);
    assert.ok(Math.abs(found.rate - rate) < 1e-6, `${found.rate}`);
    assert.equal([found.irregular, found.steps, found.gaps], [0, 19, []]);
  }
  assert.is(timingOf(every(1), 'f', 's').rate, 1);
});

test('gaps and irregular steps are found', () => {
  const times = every(20, 30).map((time, i) => time + (i >= 10 ? 100 : 0) + (i === 20 ? 15 : 0));
  const { gaps, irregular } = timingOf(times, 'f');
  assert.equal([gaps, irregular], [[10], 3]);
});

test('refused: times that fall, and steps of no unit', () => {
  refusedFor(/the time of row 3, 1, is before that of the row above it, 2/, () =>
    timingOf(Float64Array.of(0, 2, 1), 'f'),
  );
  refusedFor(/median step is 0/, () => timingOf(new Float64Array(5), 'f'));
  refusedFor(/1 rows have no step/, () => timingOf(new Float64Array(1), 'f'));
  refusedFor(/is before/, () => timingOf(Float64Array.of(0, Number.NaN), 'f'));
});

test('windows reach across no break', () => {
  assert.equal(windowStarts(10, { window: 4, hop: 2 }), [0, 2, 4, 6]);
  assert.equal(windowStarts(10, { window: 4, hop: 4 }, [5]), [0, 5]);
  assert.equal(windowStarts(10, { window: 4, hop: 4 }, [0, 5, 10, 12]), [0, 5]);
  assert.equal(windowStarts(3, { window: 4, hop: 1 }), []);
  refusedFor(/hop must be a whole number/, () => windowStarts(3, { window: 1, hop: 0 }));
});

(await testWith([reference('vectors/frontends/imu.safetensors')]))(
  'as many windows as the reference has',
  () => {
    const { tensors } = readSafetensors(readFileSync(shared('vectors/frontends/imu.safetensors')!));
    const [rows] = tensors.get('samples')!.shape as [number];
    assert.is(windowStarts(rows, { window: 128, hop: 64 }).length, tensors.get('windows')!.shape[0]);
  },
);

test.run();
