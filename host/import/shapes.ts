import { SpikeletError } from '../../models/error.js';
import type { Shapes } from './architecture.js';

const MAX_SIZE = 1 << 16;
const MAX_BLOCKS = 200;

/**
 * Size of a tensor along `axis`; `fallback` if it has none, so that everything missing can be listed at once.
 */
export const sizeOf = (shapes: Shapes, name: string, axis: number, fallback: number): number => {
  const size = shapes.get(name)?.[axis];
  return size !== undefined && size >= 1 && size <= MAX_SIZE ? size : fallback;
};

/** Ratio of a layer's output width to its input width. */
export const widening = (shapes: Shapes, name: string, fallback: number): number =>
  Math.max(1, Math.round(sizeOf(shapes, name, 0, fallback) / sizeOf(shapes, name, 1, 1)));

/** The numbers that the group of `pattern` matches, ascending. */
export function numbersIn(shapes: Shapes, pattern: RegExp): number[] {
  const numbers = new Set<number>();
  for (const name of shapes.keys()) {
    const found = pattern.exec(name)?.[1];
    if (found !== undefined) numbers.add(Number(found));
    if (numbers.size > MAX_BLOCKS)
      throw new SpikeletError(`the net has more than ${MAX_BLOCKS} blocks`, { hint: 'the file is damaged' });
  }
  return [...numbers].sort((a, b) => a - b);
}
