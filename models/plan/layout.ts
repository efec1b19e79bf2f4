import { apartness } from './apart.js';
import type { Life, Span } from './lives.js';
import { align, offsetFor, type Problem } from './place.js';

export { align } from './place.js';

/** Where everything is, and how many bytes that takes. */
export type Layout = { offsets: Map<Life, number>; bytes: number };

/** How much worse a try may be, as a fraction of the wanted bytes. */
const HEAT = 0.3;
/** Tries to make a layout fit, per item. */
const ATTEMPTS = 60;
/** Tries that may fail. */
const FAILURES = 2;
/**
 * Pairs of items that all tries may compare; the 10M network needs 20 million. After that the best layout so
 * far is taken.
 */
const EFFORT = 2 ** 25;
/** How much smaller each next layout has to be, when the smallest is wanted. */
const SHRINK = 0.99;

/**
 * Lets items that are never alive together share memory, down to single rows of tensors that are held whole:
 * a map that is written while another is read for the last time follows its reader. `over` gives for a life
 * another one that it may overwrite in place (a sum and its residual). Looks for a layout of at most `wanted`
 * bytes; 0: the smallest.
 */
export function layOut(lives: readonly Life[], over: ReadonlyMap<Life, Life>, wanted: number): Layout {
  const index = new Map(lives.map((life, i) => [life, i]));
  const problem = {
    lives,
    apart: apartness(lives),
    over: new Map([...over].map(([a, b]) => [index.get(a)!, index.get(b)!])),
  };
  let best = ordersOf(lives)
    .map((order) => placeAll(problem, order))
    .reduce((a, b) => (b.bytes < a.bytes ? b : a));
  const effort = { left: EFFORT };
  for (let failures = 0; best.bytes > wanted && failures < FAILURES && effort.left > 0; ) {
    const target = wanted || best.bytes * SHRINK;
    const found = improve(problem, best, target, failures + 1, effort);
    if (found.bytes < best.bytes) best = found;
    if (best.bytes > target) failures++;
  }
  return { offsets: new Map(lives.map((life, i) => [life, best.offsets[i]!])), bytes: best.bytes };
}

/** Offsets from 0 on, and the order of placing. */
type Placed = { offsets: Float64Array; order: number[]; bytes: number };

/**
 * Orders worth trying: the largest first; maps first, because others follow them; the tightest time first.
 */
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

/** For each life, the peak of bytes alive during it. */
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

/** Places lives one by one, each where the total extent grows least. */
function placeAll(problem: Problem, order: number[]): Placed {
  const offsets = new Float64Array(problem.lives.length).fill(Number.NaN);
  let [low, high] = [0, 0];
  for (const index of order) {
    const offset = offsetFor(problem, index, offsets, low, high);
    offsets[index] = offset;
    low = Math.min(low, offset);
    high = Math.max(high, offset + align(problem.lives[index]!.bytes));
  }
  return { offsets: offsets.map((offset) => offset - low), order, bytes: high - low };
}

/**
 * Removes the lives that overlap one beyond `target` bytes in time and places them again in another order,
 * until nothing is beyond.
 */
function improve(
  problem: Problem,
  { offsets: start, order }: Placed,
  target: number,
  seed: number,
  effort: { left: number },
): Placed {
  const { lives, apart } = problem;
  const offsets = start.slice();
  const turn = new Float64Array(lives.length);
  order.forEach((index, i) => {
    turn[index] = i;
  });
  const beyond = (i: number) =>
    Math.max(0, -offsets[i]!) + Math.max(0, offsets[i]! + align(lives[i]!.bytes) - target);
  const random = sequence(seed);
  const attempts = ATTEMPTS * lives.length;
  for (let attempt = 0; attempt < attempts && effort.left > 0; attempt++) {
    const out = order.filter((i) => beyond(i) > 0);
    if (!out.length) break;
    const one = any(out, random);
    const group = around(apart, one, 1 + Math.floor(random() * 3)).sort((a, b) => turn[a]! - turn[b]!);
    effort.left -= group.reduce((sum, i) => sum + apart[i]!.length, lives.length);
    const before = group.map((i) => offsets[i]!);
    const cost = group.reduce((sum, i) => sum + beyond(i), 0);
    const tried =
      random() < 0.2
        ? shuffled(problem, group, random)
        : exchanged(group, random() < 0.5 ? one : any(group, random), any(group, random));
    for (const i of group) offsets[i] = Number.NaN;
    for (const i of tried) offsets[i] = offsetFor(problem, i, offsets, 0, target);
    // Sometimes a worse layout is accepted, less and less, to get out of dead ends.
    const patience = HEAT * target * random() ** 4 * (1 - attempt / attempts);
    if (group.reduce((sum, i) => sum + beyond(i), 0) > cost + patience)
      group.forEach((i, k) => {
        offsets[i] = before[k]!;
      });
    else {
      const turns = group.map((i) => turn[i]!);
      tried.forEach((i, k) => {
        turn[i] = turns[k]!;
      });
    }
  }
  const low = offsets.reduce((a, b) => Math.min(a, b));
  const high = lives.reduce((most, life, i) => Math.max(most, offsets[i]! + align(life.bytes)), 0);
  return {
    offsets: offsets.map((offset) => offset - low),
    order: order.toSorted((a, b) => turn[a]! - turn[b]!),
    bytes: high - low,
  };
}

/** A fixed sequence of numbers in 0..1, so that plans are reproducible. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const any = <T>(values: readonly T[], random: () => number): T =>
  values[Math.floor(random() * values.length)]!;

/** A life, those that overlap it in time, and so on, `hops` times. */
function around(apart: Problem['apart'], one: number, hops: number): number[] {
  const group = new Set([one]);
  for (let hop = 0; hop < hops; hop++)
    for (const i of [...group]) for (const [rival] of apart[i]!) group.add(rival);
  return [...group];
}

/** The group in a random order; large ones tend to come early. */
function shuffled({ lives }: Problem, group: readonly number[], random: () => number): number[] {
  const weight = new Map(group.map((i) => [i, lives[i]!.bytes * (0.2 + random())]));
  return group.toSorted((a, b) => weight.get(b)! - weight.get(a)!);
}

/** A group with one life moved before another; before all others if both are the same. */
function exchanged(group: readonly number[], moved: number, before: number): number[] {
  const rest = group.filter((i) => i !== moved);
  return rest.toSpliced(moved === before ? 0 : rest.indexOf(before), 0, moved);
}
