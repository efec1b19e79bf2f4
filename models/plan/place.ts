import type { Apart } from './apart.js';
import type { Life, Span } from './lives.js';

/** Alignment of everything in the arena in bytes: one SIMD vector. */
const ALIGNMENT = 16;

export const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** What is placed: `over` gives for a life another one that it may overwrite in place, by index. */
export type Problem = { lives: readonly Life[]; apart: Apart; over: ReadonlyMap<number, number> };

/**
 * The best offset for a life among the placed ones (NaN: not placed yet): that of its partner, or where it
 * extends `low` .. `high` least, the lowest in a tie.
 */
export function offsetFor(
  { lives, apart, over }: Problem,
  index: number,
  offsets: Float64Array,
  low: number,
  high: number,
): number {
  const collisions: Span[] = [];
  const partners: number[] = [];
  for (const [rival, spans] of apart[index]!) {
    const offset = offsets[rival]!;
    if (Number.isNaN(offset)) continue;
    if (over.get(index) === rival || over.get(rival) === index) partners.push(rival);
    for (const [from, to] of spans) collisions.push([offset + from, offset + to]);
  }
  const onTop = partners.find((partner) => fitsOn(apart[index]!, offsets[partner]!, partners, offsets));
  return onTop === undefined ? nearest(collisions, low, high - align(lives[index]!.bytes)) : offsets[onTop]!;
}

/** Whether only partners are in the way at a partner's offset. */
function fitsOn(rivals: Apart[number], at: number, partners: number[], offsets: Float64Array): boolean {
  return rivals.every(([rival, spans]) => {
    const offset = offsets[rival]!;
    if (Number.isNaN(offset) || (offset === at && partners.includes(rival))) return true;
    return spans.every(([from, to]) => at <= offset + from || at >= offset + to);
  });
}

/** The aligned offset without a collision that extends `low` .. `high` least. */
function nearest(collisions: Span[], low: number, high: number): number {
  const distance = (offset: number) => Math.max(0, low - offset) + Math.max(0, offset - high);
  let best = Number.POSITIVE_INFINITY;
  collisions.sort((a, b) => a[0] - b[0]);
  collisions.push([Number.POSITIVE_INFINITY, 0]);
  // Between two runs of collisions all offsets are free: from the end of the first to the beginning of the
  // next.
  let free = Number.NEGATIVE_INFINITY;
  for (const [from, to] of collisions) {
    if (from >= free) {
      const last = Math.floor(from / ALIGNMENT) * ALIGNMENT;
      const offset = Math.min(Math.max(low, free), last);
      const [growth, least] = [distance(offset), distance(best)];
      if (offset >= free && (growth < least || (growth === least && offset < best))) best = offset;
    }
    free = Math.max(free, align(to));
  }
  return best;
}
