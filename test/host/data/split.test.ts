import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Part, parseGroup, parseShares, type SplitOptions, splitOf } from '../../../host/data/split.js';
import { refusedFor } from '../../support/mutants.js';
import { below, seeded } from '../../support/random-graph.js';

/** Digits, speakers and takes, as in a data set of spoken digits. */
const names = Array.from({ length: 10 }, (_, digit) =>
  ['ann', 'bob', 'cyd', 'dee', 'eve', 'fay'].flatMap((who) =>
    Array.from({ length: 7 }, (_, take) => `${digit}_${who}_${take}.wav`),
  ),
).flat();
const labels = names.map((name) => name[0]!);
const shares = parseShares('80/10/10');

const byName = (list: string[], options: SplitOptions) => {
  const parts = splitOf(list, options);
  return Object.fromEntries(list.map((name, i) => [name, parts[i]!]).sort());
};

const counts = (parts: Part[]) => {
  const of = (part: Part) => parts.filter((one) => one === part).length;
  return [of('train'), of('val'), of('test')];
};

function shuffled<T>(list: T[], seed: number): T[] {
  const random = seeded(seed);
  const copy = [...list];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = below(random, i + 1);
    [copy[i], copy[j]] = [copy[j]!, copy[i]!];
  }
  return copy;
}

test('each part gets its share, of every class', () => {
  const parts = splitOf(names, { shares, labels });
  assert.equal(counts(parts), [336, 42, 42]);
  for (let digit = 0; digit < 10; digit++) {
    const [train = 0, val = 0, test = 0] = counts(parts.filter((_, i) => labels[i] === String(digit)));
    assert.ok(Math.abs(train - 33.6) < 2 && Math.abs(val - 4.2) < 2 && Math.abs(test - 4.2) < 2, `${digit}`);
  }
  assert.equal(counts(splitOf(names, { shares: parseShares('75/25') })), [315, 0, 105]);
});

test('the same seed is the same split, in whatever order files are listed', () => {
  for (const options of [
    { shares, seed: 5 },
    { shares, seed: 5, group: /_([a-z]+)_/ },
  ]) {
    const wanted = byName(names, options);
    for (let order = 0; order < 10; order++) assert.equal(byName(shuffled(names, order), options), wanted);
  }
  const classed = (list: string[]) => byName(list, { shares, labels: list.map((name) => name[0]!) });
  for (let order = 0; order < 10; order++) assert.equal(classed(shuffled(names, order)), classed(names));
  assert.not.equal(splitOf(names, { shares, seed: 1 }), splitOf(names, { shares, seed: 2 }));
});

test('a group is never in two parts, and no part is empty', () => {
  for (let seed = 0; seed < 50; seed++) {
    const parts = splitOf(names, { shares, seed, group: /_([a-z]+)_/ });
    const of = new Map<string, Set<Part>>();
    for (const [i, name] of names.entries()) {
      const who = name.split('_')[1]!;
      of.set(who, (of.get(who) ?? new Set()).add(parts[i]!));
    }
    assert.is(of.size, 6);
    assert.ok(
      [...of.values()].every((found) => found.size === 1),
      `seed ${seed}`,
    );
    assert.equal(counts(parts), [280, 70, 70], `seed ${seed}`);
  }
});

test('groups of any sizes: shares are kept as well as whole groups allow', () => {
  const random = seeded(3);
  for (let trial = 0; trial < 30; trial++) {
    const sizes = Array.from({ length: 3 + below(random, 40) }, () => 1 + below(random, 20));
    const list = sizes.flatMap((size, group) => Array.from({ length: size }, (_, i) => `g${group}-${i}`));
    const [train = 0, val = 0, test = 0] = counts(splitOf(list, { shares, seed: trial, group: /^g\d+/ }));
    assert.ok(train > 0 && val > 0 && test > 0, `${sizes}`);
    if (sizes.length > 20)
      assert.ok(Math.abs(train / list.length - 0.8) < 0.15, `${train} of ${list.length}`);
  }
});

test('refused: invalid splits and groups', () => {
  for (const text of ['80/10', '80', '80/10/10/0', '100/0', '0/100', 'a/b', '80/20/', '-80/180'])
    refusedFor(/^split=/, () => parseShares(text));
  refusedFor(/^group=\(: /, () => parseGroup('('));
  refusedFor(/finds nothing in '0_ann_0\.wav'/, () => splitOf(names, { shares, group: /_([A-Z]+)_/ }));
  refusedFor(/1 groups cannot make 3 parts: train, val, test/, () =>
    splitOf(names, { shares, group: /\.wav$/ }),
  );
  refusedFor(/2 files cannot make 3 parts/, () => splitOf(['a', 'b'], { shares }));
  assert.equal(counts(splitOf(['a', 'b', 'c'], { shares })), [1, 1, 1]);
});

test.run();
