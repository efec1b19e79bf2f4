import { uniformInt } from 'pure-rand/distribution/uniformInt';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { drawHand, HAND_CELLS, HAND_SPAN } from './hand.js';
import { bell, between, ln, rotation } from './math.js';
import { type Motion, SIDE } from './motion.js';

const PIXELS = SIDE * SIDE;

/** Moments at which the scene is rendered; the fastest hand moves less than a pixel between two. */
const STEPS = 24;

/** Fraction of a count that is left after the whole exposure. */
const REMAINS = 0.15;

/** Largest count a frame holds. */
export const MAX_COUNT = 15;

/** ln of an intensity in 1/1024ths. */
const LEVELS = 1024;
const logTable = Float64Array.from({ length: LEVELS + 1 }, (_, i) => ln(Math.max(i, 1) / LEVELS));

/** weights[k]: what an event of step k still counts when the exposure ends; falls by one factor per step. */
const weights = (() => {
  let factor = 1;
  // The STEPS-th root of REMAINS, by Newton's method.
  for (let i = 0; i < 100; i++) {
    let power = 1;
    for (let k = 1; k < STEPS; k++) power *= factor;
    factor -= (factor * power - REMAINS) / (STEPS * power);
  }
  const out = new Float64Array(STEPS).fill(1);
  for (let k = STEPS - 2; k >= 0; k--) out[k] = out[k + 1]! * factor;
  return out;
})();

/**
 * What an event camera sees of one gesture: a bright hand over a dim, faintly textured wall, as one frame
 * [row][column][ON, OFF] of counts 0..MAX_COUNT.
 *
 * Each pixel remembers a log intensity. When the light has risen above it by the pixel's threshold it sends
 * an ON event, when it has fallen below by as much an OFF event, and the remembered value moves by one
 * threshold (Lichtsteiner et al. 2008, doi 10.1109/JSSC.2007.914337). Thresholds differ from pixel to pixel
 * and between ON and OFF; noise events come from anywhere at any time, and some pixels are hot.
 *
 * The frame is a fading count: an event adds 1, and all counts decay exponentially while the exposure lasts,
 * as in a leaky time surface. So the frame tells late events from early ones, and since the hand is in view
 * when the exposure begins and when it ends, its first position holds only OFF counts and its last only ON
 * counts.
 */
export function recordGesture(motion: Motion, random: RandomGenerator): Uint8Array {
  const dim = between(random, 0.12, 0.22);
  const wall = drawWall(dim, random);
  const hand = drawHand(random);
  const brightness = dim * between(random, 1.9, 4.5);
  const threshold = between(random, 0.14, 0.22);
  const mismatch = () => threshold * Math.max(0.5, 1 + 0.08 * bell(random));
  const on = Float64Array.from({ length: PIXELS }, mismatch);
  const off = Float64Array.from({ length: PIXELS }, mismatch);

  const reference = new Float64Array(PIXELS);
  const counts = new Float64Array(PIXELS * 2);
  const light = Float64Array.from(wall);
  let before = coverHand(light, wall, hand, brightness, motion, 0);
  for (let i = 0; i < PIXELS; i++) reference[i] = logTable[(light[i]! * LEVELS) | 0]!;
  for (let step = 0; step < STEPS; step++) {
    const weight = weights[step]!;
    restore(light, wall, before);
    const now = coverHand(light, wall, hand, brightness, motion, (step + 1) / STEPS);
    const changed = union(before, now);
    for (let row = changed.top; row < changed.bottom; row++)
      for (let i = row * SIDE + changed.left; i < row * SIDE + changed.right; i++) {
        const level = logTable[(light[i]! * LEVELS) | 0]!;
        for (; level - reference[i]! >= on[i]!; reference[i]! += on[i]!) counts[2 * i]! += weight;
        for (; reference[i]! - level >= off[i]!; reference[i]! -= off[i]!) counts[2 * i + 1]! += weight;
      }
    before = now;
  }
  addNoise(counts, random);
  return Uint8Array.from(counts, (count) => Math.min(MAX_COUNT, Math.round(count)));
}

/** A wall of intensity around `dim` with smooth blotches and fine grain of low contrast. */
function drawWall(dim: number, random: RandomGenerator): Float64Array {
  const cell = 8;
  const side = SIDE / cell + 1;
  const blotches = Float64Array.from({ length: side * side }, () => bell(random));
  const contrast = between(random, 0.05, 0.15);
  const wall = new Float64Array(PIXELS);
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++) {
      const [fx, fy] = [(x % cell) / cell, (y % cell) / cell];
      const at = ((y / cell) | 0) * side + ((x / cell) | 0);
      const upper = blotches[at]! * (1 - fx) + blotches[at + 1]! * fx;
      const lower = blotches[at + side]! * (1 - fx) + blotches[at + side + 1]! * fx;
      const texture = upper * (1 - fy) + lower * fy + 0.4 * bell(random);
      wall[y * SIDE + x] = dim * Math.max(0.4, 1 + contrast * texture);
    }
  return wall;
}

type Box = { top: number; bottom: number; left: number; right: number };

const union = (a: Box, b: Box): Box => ({
  top: Math.min(a.top, b.top),
  bottom: Math.max(a.bottom, b.bottom),
  left: Math.min(a.left, b.left),
  right: Math.max(a.right, b.right),
});

function restore(light: Float64Array, wall: Float64Array, box: Box): void {
  for (let row = box.top; row < box.bottom; row++) {
    const start = row * SIDE + box.left;
    const end = row * SIDE + box.right;
    light.set(wall.subarray(start, end), start);
  }
}

/** Lays the hand over the wall at time t, with bilinear sampling; returns the pixels it may have touched. */
function coverHand(
  light: Float64Array,
  wall: Float64Array,
  hand: Float32Array,
  brightness: number,
  motion: Motion,
  t: number,
): Box {
  const { x, y, radius, tilt } = motion(t);
  const reach = radius * HAND_SPAN * Math.SQRT1_2;
  const clip = (value: number) => Math.min(SIDE, Math.max(0, Math.ceil(value)));
  const box = {
    top: clip(y - reach),
    bottom: clip(y + reach),
    left: clip(x - reach),
    right: clip(x + reach),
  };
  const [cos, sin] = rotation(tilt);
  const scale = HAND_CELLS / HAND_SPAN / radius;
  const [du, dv] = [cos * scale, -sin * scale];
  const middle = HAND_CELLS / 2 - 0.5;
  for (let row = box.top; row < box.bottom; row++) {
    let u = middle + ((box.left - x) * cos + (row - y) * sin) * scale;
    let v = middle + ((row - y) * cos - (box.left - x) * sin) * scale;
    for (let column = box.left; column < box.right; column++, u += du, v += dv) {
      if (u < 0 || v < 0 || u >= HAND_CELLS - 1 || v >= HAND_CELLS - 1) continue;
      const [iu, iv] = [u | 0, v | 0];
      const [fu, fv] = [u - iu, v - iv];
      const at = iv * HAND_CELLS + iu;
      const upper = hand[at]! * (1 - fu) + hand[at + 1]! * fu;
      const lower = hand[at + HAND_CELLS]! * (1 - fu) + hand[at + HAND_CELLS + 1]! * fu;
      const cover = upper * (1 - fv) + lower * fv;
      const i = row * SIDE + column;
      light[i] = wall[i]! * (1 - cover) + brightness * cover;
    }
  }
  return box;
}

function addNoise(counts: Float64Array, random: RandomGenerator): void {
  const noise = uniformInt(random, 50, 400);
  for (let n = 0; n < noise; n++)
    counts[uniformInt(random, 0, 2 * PIXELS - 1)]! += weights[uniformInt(random, 0, STEPS - 1)]!;
  const hot = uniformInt(random, 0, 4);
  for (let n = 0; n < hot; n++)
    counts[uniformInt(random, 0, 2 * PIXELS - 1)]! += uniformInt(random, 3, MAX_COUNT);
}
