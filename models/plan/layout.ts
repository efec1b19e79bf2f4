import type { Block, Life } from './lives.js';

/** Alignment of everything in the arena in bytes: one SIMD vector. */
const ALIGNMENT = 16;

export const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/**
 * First fit, largest first: what is never alive together shares memory, down to single rows of tensors that are held
 * whole. `over` names for a life another one on which it may lie exactly (a sum on its own residual). Returns offsets.
 */
export function layOut(lives: readonly Life[], over: ReadonlyMap<Life, Life>): Map<Life, number> {
  const placed = new Map<Life, number>();
  const order = [...lives].sort((a, b) => b.bytes - a.bytes || begin(a) - begin(b));
  for (const life of order) {
    const rivals = [...placed].filter(([rival]) => begin(rival) <= end(life) && begin(life) <= end(rival));
    const collisions = rivals.flatMap(([rival, offset]) => collide(life, rival, offset));
    const partners = rivals.filter(([rival]) => over.get(life) === rival || over.get(rival) === life);
    const onTop = partners.find(([, offset]) =>
      collisions.every(({ rival, from, to }) => {
        const partner = partners.some((known) => known[0] === rival && known[1] === offset);
        return partner || offset <= from || offset >= to;
      }),
    );
    placed.set(life, onTop ? onTop[1] : lowest(collisions));
  }
  return placed;
}

const begin = ({ blocks }: Life): number => Math.min(...blocks.map(({ times }) => times[0]![0]));
const end = ({ blocks }: Life): number => Math.max(...blocks.map(({ times }) => times.at(-1)![1]));

/** Offsets, exclusive ends, at which a block of a life would lie on one of `rival` that is alive with it. */
type Collision = { rival: Life; from: number; to: number };

function collide(life: Life, rival: Life, offset: number): Collision[] {
  const collisions: Collision[] = [];
  for (const theirs of rival.blocks)
    for (const ours of life.blocks)
      if (meet(ours, theirs)) {
        const base = offset + theirs.offset - ours.offset;
        collisions.push({ rival, from: base - ours.bytes, to: base + theirs.bytes });
      }
  return collisions;
}

function meet({ times: a }: Block, { times: b }: Block): boolean {
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i]![0] <= b[j]![1] && b[j]![0] <= a[i]![1]) return true;
    if (a[i]![1] < b[j]![1]) i++;
    else j++;
  }
  return false;
}

/** The lowest aligned offset that collides with nothing. */
function lowest(collisions: Collision[]): number {
  collisions.sort((a, b) => a.from - b.from);
  let offset = 0;
  for (const { from, to } of collisions) {
    if (from >= offset) break;
    if (offset < to) offset = align(to);
  }
  return offset;
}
