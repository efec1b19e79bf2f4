import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { between, rotation } from './math.js';

/** Side of the square that holds a hand, in palm radii; its centre is the palm's. */
export const HAND_SPAN = 5.2;
/** Number of cells along that side. */
export const HAND_CELLS = 48;

type Capsule = { x0: number; y0: number; x1: number; y1: number; radius: number };

/**
 * One hand as coverage 0..1 in a square of HAND_CELLS x HAND_CELLS, fingers up, palm of radius 1: palm, four
 * fingers, a thumb and a wrist, each a capsule with its own length and spread, with soft edges as from a lens
 * out of focus.
 */
export function drawHand(random: RandomGenerator): Float32Array {
  const capsules = hand(random);
  const softness = between(random, 0.3, 0.5);
  const out = new Float32Array(HAND_CELLS * HAND_CELLS);
  for (let row = 0; row < HAND_CELLS; row++)
    for (let column = 0; column < HAND_CELLS; column++) {
      const x = ((column + 0.5) / HAND_CELLS - 0.5) * HAND_SPAN;
      const y = ((row + 0.5) / HAND_CELLS - 0.5) * HAND_SPAN;
      let nearest = 1e9;
      for (const capsule of capsules) nearest = Math.min(nearest, distance(capsule, x, y));
      out[row * HAND_CELLS + column] = Math.min(1, Math.max(0, 0.5 - nearest / softness));
    }
  return out;
}

function hand(random: RandomGenerator): Capsule[] {
  const fan = between(random, 0.02, 0.07);
  const mirrored = between(random, 0, 1) < 0.5 ? -1 : 1;
  const capsules: Capsule[] = [
    { x0: 0, y0: -0.1, x1: 0, y1: 0.15, radius: 0.95 },
    { x0: 0, y0: 0.6, x1: 0, y1: 2.4, radius: 0.55 },
  ];
  const finger = (turns: number, base: number, length: number, radius: number) => {
    const [cos, sin] = rotation(turns);
    const [x, y] = [mirrored * sin, -cos];
    capsules.push({ x0: base * x, y0: base * y, x1: length * x, y1: length * y, radius });
  };
  for (let i = 0; i < 4; i++)
    finger((i - 1.5) * fan, 0.8, between(random, 1.6, 2.1) - (i === 3 ? 0.3 : 0), 0.21);
  finger(between(random, -0.22, -0.16), 0.7, between(random, 1.2, 1.6), 0.24);
  return capsules;
}

/** Signed distance to a capsule, negative inside. */
function distance({ x0, y0, x1, y1, radius }: Capsule, x: number, y: number): number {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const along = ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy);
  const t = Math.min(1, Math.max(0, along));
  const [ex, ey] = [x - x0 - t * dx, y - y0 - t * dy];
  return Math.sqrt(ex * ex + ey * ey) - radius;
}
