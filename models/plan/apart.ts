import type { Block, Life, Span } from './lives.js';

/**
 * For each life, by index: the lives that overlap it in time, and the distances from their offset to its own
 * (exclusive ends) that would make blocks alive at the same time share bytes.
 */
export type Apart = [rival: number, distances: Span[]][][];

export function apartness(lives: readonly Life[]): Apart {
  const apart: Apart = lives.map(() => []);
  lives.forEach((a, i) => {
    for (let j = 0; j < i; j++) {
      const b = lives[j]!;
      if (a.span[0] > b.span[1] || b.span[0] > a.span[1]) continue;
      const distances = collisions(a, b);
      if (!distances.length) continue;
      apart[i]!.push([j, distances]);
      apart[j]!.push([i, distances.map(([from, to]): Span => [-to, -from]).reverse()]);
    }
  });
  return apart;
}

/** Distances from b to a that make some of their blocks collide, merged into as few spans as possible. */
function collisions(a: Life, b: Life): Span[] {
  const spans: Span[] = [];
  for (const theirs of b.blocks)
    for (const ours of a.blocks)
      if (meet(ours, theirs)) {
        const base = theirs.offset - ours.offset;
        spans.push([base - ours.bytes, base + theirs.bytes]);
      }
  spans.sort((one, other) => one[0] - other[0]);
  const joined: Span[] = [];
  for (const [from, to] of spans) {
    const before = joined.at(-1);
    // Where one ends and the next begins, both fit exactly.
    if (before && from < before[1]) before[1] = Math.max(before[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

/** Whether two blocks are alive at the same time. */
function meet({ times: a }: Block, { times: b }: Block): boolean {
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i]![0] <= b[j]![1] && b[j]![0] <= a[i]![1]) return true;
    if (a[i]![1] < b[j]![1]) i++;
    else j++;
  }
  return false;
}
