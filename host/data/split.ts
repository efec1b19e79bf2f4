import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { SpikeletError } from '../../models/error.js';

/** Shares of training, validation and test, in percent; they sum to 100. Validation may be 0. */
export type Shares = { train: number; validation: number; test: number };

export type SplitName = keyof Shares;

/** `80/10/10` (training, validation, test) or `80/20` (training, test). Throws an Error that says what it must be. */
export function parseShares(text: string): Shares {
  const parts = text.split('/').map(Number);
  const [train = 0, second = 0, third] = parts;
  const [validation, test] = third === undefined ? [0, second] : [second, third];
  const whole =
    parts.length >= 2 && parts.length <= 3 && parts.every((part) => Number.isInteger(part) && part >= 0);
  if (!whole || train < 1 || test < 1 || train + validation + test !== 100)
    throw new Error(`must be shares in percent that sum to 100, as 80/10/10 or 80/20, got '${text}'`);
  return { train, validation, test };
}

/**
 * The split of each name. Names of one group (`groupOf`) are never parted; the groups are shuffled with `seed` and
 * handed out until a split has its share of the names. The order in which names are given makes no difference.
 * @throws SpikeletError where there are too few groups for every split that has a share.
 */
export function splitOf(
  names: string[],
  {
    shares,
    seed = 1,
    groupOf = (name) => name,
  }: {
    shares: Shares;
    seed?: number;
    groupOf?: (name: string) => string;
  },
): Map<string, SplitName> {
  const groups = new Map<string, string[]>();
  for (const name of [...names].sort()) {
    const group = groupOf(name);
    groups.set(group, [...(groups.get(group) ?? []), name]);
  }
  const wanted = (['test', 'validation', 'train'] as const).filter((split) => shares[split] > 0);
  if (groups.size < wanted.length)
    throw new SpikeletError(`${groups.size} group(s) cannot be split into ${wanted.join(', ')}`, {
      hint: 'a group is never parted: omit group=, or bring more of them',
    });
  const order = [...groups.keys()].sort();
  const random = xoroshiro128plus(seed);
  for (let i = order.length - 1; i > 0; i--) {
    const j = uniformInt(random, 0, i);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  const splits = new Map<string, SplitName>();
  let next = 0;
  wanted.forEach((split, i) => {
    const quota = (names.length * shares[split]) / 100;
    const left = wanted.length - 1 - i;
    let taken = 0;
    // At least one group each; the last split takes what is left.
    while (
      next < order.length - left &&
      (left === 0 || taken === 0 || taken + 0.5 * groups.get(order[next]!)!.length <= quota)
    ) {
      for (const name of groups.get(order[next]!)!) splits.set(name, split);
      taken += groups.get(order[next]!)!.length;
      next++;
    }
  });
  return splits;
}
