import { type Apart, apartness } from './apart.js';
import type { Life, Span } from './lives.js';

/** Alignment of everything in the arena in bytes: one SIMD vector. */
const ALIGNMENT = 16;

export const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** Where everything lies, and how many bytes that takes. */
export type Layout = { offsets: Map<Life, number>; bytes: number };

/** Orders that are tried when a layout is larger than wanted. */
const ATTEMPTS = 3000;

/**
 * Places what is never alive together in the same memory, down to single rows of tensors that are held whole: where a
 * map is written while another is read for the last time, it follows behind the reader. `over` names for a life another
 * one on which it may lie exactly (a sum on its own residual). Lives are placed one by one; while that takes more than
 * `wanted` bytes, something at the ends or of the same time changes its turn.
 */
export function layOut(lives: readonly Life[], over: ReadonlyMap<Life, Life>, wanted: number): Layout {
  const apart = apartness(lives);
  const place = (order: readonly number[]) => placeAll(lives, order, apart, over);
  const [first, ...others] = ordersOf(lives);
  let order = first!;
  let best = place(order);
  for (const other of others) {
    const found = place(other);
    if (found.bytes < best.bytes && best.bytes > wanted) [best, order] = [found, other];
  }
  const random = sequence();
  for (let attempt = 0; attempt < ATTEMPTS && best.bytes > wanted; attempt++) {
    const changed = exchange(lives, order, best, random);
    const found = place(changed);
    if (found.bytes <= best.bytes) [best, order] = [found, changed];
  }
  return { offsets: new Map(lives.map((life, i) => [life, best.offsets[i]!])), bytes: best.bytes };
}

type Placed = { offsets: Float64Array; bytes: number };

/** A fixed sequence of numbers in 0..1, so that a plan is the same each time it is made. */
function sequence(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Turns that are worth a try: the largest first; maps first, as others follow them; the tightest time first. */
function ordersOf(lives: readonly Life[]): number[][] {
  const pressure = pressures(lives);
  const tightest = (a: number, b: number) => pressure[b]! - pressure[a]!;
  const largest = (a: number, b: number) =>
    lives[b]!.bytes - lives[a]!.bytes || lives[a]!.span[0] - lives[b]!.span[0];
  const maps = (a: number, b: number) =>
    Number(lives[b]!.blocks.length > 1) - Number(lives[a]!.blocks.length > 1);
  const indices = lives.map((_, i) => i);
  return [
    indices.toSorted(largest),
    indices.toSorted((a, b) => maps(a, b) || tightest(a, b) || largest(a, b)),
    indices.toSorted((a, b) => tightest(a, b) || maps(a, b) || largest(a, b)),
  ];
}

/** Of each life, the most bytes that are alive at a time at which it is. */
function pressures(lives: readonly Life[]): number[] {
  const alive = new Float64Array(lives.reduce((last, { span }) => Math.max(last, span[1]), 0) + 2);
  for (const { blocks } of lives)
    for (const { bytes, times } of blocks)
      for (const [first, last] of times) {
        alive[first]! += bytes;
        alive[last + 1]! -= bytes;
      }
  for (let t = 1; t < alive.length; t++) alive[t]! += alive[t - 1]!;
  const most = ([first, last]: Span) => alive.subarray(first, last + 1).reduce((a, b) => Math.max(a, b), 0);
  return lives.map(({ blocks }) =>
    blocks.reduce((top, { times }) => times.reduce((a, span) => Math.max(a, most(span)), top), 0),
  );
}

/** The order with another turn for something that lies at an end, or that is alive together with it. */
function exchange(
  lives: readonly Life[],
  order: readonly number[],
  { offsets, bytes }: Placed,
  random: () => number,
): number[] {
  const any = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const outer = any(order.filter((i) => offsets[i] === 0 || offsets[i]! + align(lives[i]!.bytes) === bytes));
  const [first, last] = lives[outer]!.span;
  const together = order.filter((i) => lives[i]!.span[0] <= last && first <= lives[i]!.span[1]);
  const moved = random() < 0.5 ? outer : any(together);
  const before = any(together);
  const rest = order.filter((i) => i !== moved);
  return rest.toSpliced(moved === before ? 0 : rest.indexOf(before), 0, moved);
}

/** Places lives one by one, each where all of them together reach least far. */
function placeAll(
  lives: readonly Life[],
  order: readonly number[],
  apart: Apart,
  over: ReadonlyMap<Life, Life>,
): Placed {
  const offsets = new Float64Array(lives.length).fill(Number.NaN);
  let [low, high] = [0, 0];
  for (const index of order) {
    const life = lives[index]!;
    const size = align(life.bytes);
    const collisions: Span[] = [];
    const partners: number[] = [];
    for (const [rival, spans] of apart[index]!) {
      const offset = offsets[rival]!;
      if (Number.isNaN(offset)) continue;
      if (over.get(life) === lives[rival] || over.get(lives[rival]!) === life) partners.push(rival);
      for (const [from, to] of spans) collisions.push([offset + from, offset + to]);
    }
    const offset = onTop(index, partners, apart, offsets) ?? nearest(collisions, low, high - size);
    offsets[index] = offset;
    low = Math.min(low, offset);
    high = Math.max(high, offset + size);
  }
  return { offsets: offsets.map((offset) => offset - low), bytes: high - low };
}

/** The offset of a partner on which a life may lie, if nothing else is in the way there. */
function onTop(index: number, partners: number[], apart: Apart, offsets: Float64Array): number | undefined {
  const partner = partners.find((candidate) => {
    const at = offsets[candidate]!;
    return apart[index]!.every(([rival, spans]) => {
      const offset = offsets[rival]!;
      if (Number.isNaN(offset) || (partners.includes(rival) && offset === at)) return true;
      return spans.every(([from, to]) => at <= offset + from || at >= offset + to);
    });
  });
  return partner === undefined ? undefined : offsets[partner]!;
}

/** The aligned offset without a collision that leaves `low` .. `high` least, the lowest of equals. */
function nearest(collisions: Span[], low: number, high: number): number {
  const distance = (offset: number) => Math.max(0, low - offset) + Math.max(0, offset - high);
  let best = Number.POSITIVE_INFINITY;
  collisions.sort((a, b) => a[0] - b[0]);
  // Between two runs of collisions all offsets are free: from the end of the first to the beginning of the next.
  let free = Number.NEGATIVE_INFINITY;
  for (const [from, to] of [...collisions, [Number.POSITIVE_INFINITY, 0]] as Span[]) {
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
