import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { bell, between, rotation } from './math.js';

/** Side of the sensor in pixels. */
export const SIDE = 32;

/**
 * Where the hand is: palm centre in pixels, palm radius in pixels, tilt in turns (clockwise, fingers up at
 * 0).
 */
export type Pose = { x: number; y: number; radius: number; tilt: number };

/** A gesture in time: t runs from 0 (the exposure begins) to 1 (it ends). */
export type Motion = (t: number) => Pose;

const CENTRE = SIDE / 2;

/** A hand never moves evenly: t, bent towards a late or an early start. */
const pace = (random: RandomGenerator): ((t: number) => number) => {
  const bend = between(random, -0.35, 0.35);
  return (t) => t + bend * t * (1 - t);
};

/** A slow tremble of the whole hand, in pixels. */
const tremble = (random: RandomGenerator): ((t: number) => [number, number]) => {
  const phase = [between(random, 0, 1), between(random, 0, 1)] as const;
  const size = between(random, 0.1, 0.6);
  return (t) => [size * rotation(1.5 * t + phase[0])[0], size * rotation(1.2 * t + phase[1])[1]];
};

/** Straight through the view along (dx, dy), in view from the first moment to the last. */
const swipe =
  (dx: number, dy: number) =>
  (random: RandomGenerator): Motion => {
    const at = pace(random);
    const shake = tremble(random);
    const [cos, sin] = rotation(0.05 * bell(random));
    const [ux, uy] = [dx * cos - dy * sin, dx * sin + dy * cos];
    const length = between(random, 6, 18);
    const x = CENTRE + 3 * bell(random) - (ux * length) / 2;
    const y = CENTRE + 3 * bell(random) - (uy * length) / 2;
    const radius = between(random, 2.4, 3.8);
    const tilt = 0.07 * bell(random);
    return (t) => {
      const [sx, sy] = shake(t);
      const way = length * at(t);
      return { x: x + ux * way + sx, y: y + uy * way + sy, radius, tilt };
    };
  };

/** Round a circle from anywhere on it; direction 1 is clockwise as the camera sees it. */
const circle =
  (direction: 1 | -1) =>
  (random: RandomGenerator): Motion => {
    const at = pace(random);
    const shake = tremble(random);
    const start = between(random, 0, 1);
    const sweep = direction * between(random, 0.35, 0.9);
    const [x, y] = [CENTRE + 2.5 * bell(random), CENTRE + 2.5 * bell(random)];
    const orbit = between(random, 4, 8);
    const radius = between(random, 2, 3);
    const tilt = 0.07 * bell(random);
    return (t) => {
      const [cos, sin] = rotation(start + sweep * at(t));
      const [sx, sy] = shake(t);
      return { x: x + orbit * cos + sx, y: y + orbit * sin + sy, radius, tilt };
    };
  };

/** Towards the lens or away from it, drifting sideways a little. */
const depth =
  (towards: boolean) =>
  (random: RandomGenerator): Motion => {
    const at = pace(random);
    const shake = tremble(random);
    const [x, y] = [CENTRE + 3 * bell(random), CENTRE + 3 * bell(random)];
    const [dx, dy] = [2 * bell(random), 2 * bell(random)];
    const far = between(random, 1.4, 2.4);
    const near = far * between(random, 1.3, 2.4);
    const tilt = 0.07 * bell(random);
    return (t) => {
      const way = towards ? at(t) : 1 - at(t);
      const [sx, sy] = shake(t);
      // A hand at distance d looks 1 / d wide, and d changes evenly.
      const radius = (far * near) / (near + (far - near) * way);
      return { x: x + dx * (at(t) - 0.5) + sx, y: y + dy * (at(t) - 0.5) + sy, radius, tilt };
    };
  };

/** The classes, in the order of their labels. Directions are the camera's: x to the right, y down. */
export const motions: { name: string; motion: (random: RandomGenerator) => Motion }[] = [
  { name: 'left', motion: swipe(-1, 0) },
  { name: 'right', motion: swipe(1, 0) },
  { name: 'up', motion: swipe(0, -1) },
  { name: 'down', motion: swipe(0, 1) },
  { name: 'clockwise', motion: circle(1) },
  { name: 'counter-clockwise', motion: circle(-1) },
  { name: 'approach', motion: depth(true) },
  { name: 'retreat', motion: depth(false) },
];
