import type { Graph } from '../graph.js';
import { livesOf, type Plan } from './arrange.js';
import type { Block } from './lives.js';

/** Something in the arena. `blocks` begin at `offset` and are alive at their times. */
export type Occupant = {
  name: string;
  what: 'tensor' | 'work' | 'kept';
  offset: number;
  bytes: number;
  blocks: Block[];
};

/** Everything that a plan holds in memory over its steps, and the bytes alive at each step. */
export function timeline(graph: Graph, plan: Plan): { occupants: Occupant[]; alive: number[] } {
  const { tensors, scratch, kept } = livesOf(
    graph,
    plan.steps,
    plan.choices,
    (_, index) => plan.scratch.get(index)?.bytes ?? 0,
  );
  const nameOf = (index: number) => graph.nodes[index]!.name;
  const occupants: Occupant[] = [
    ...[...tensors].map(([name, life]) => ({
      name,
      what: 'tensor' as const,
      at: plan.buffers.get(name)!,
      life,
    })),
    ...[...scratch].map(([i, life]) => ({
      name: nameOf(i),
      what: 'work' as const,
      at: plan.scratch.get(i)!,
      life,
    })),
    ...[...kept].map(([i, life]) => ({
      name: nameOf(i),
      what: 'kept' as const,
      at: plan.kept.get(i)!,
      life,
    })),
  ].map(({ name, what, at: { offset, bytes }, life: { blocks } }) => ({ name, what, offset, bytes, blocks }));
  return { occupants, alive: plan.steps.map((_, step) => bytesAlive(occupants, step)) };
}

/** Bytes alive at a step; a sum and the residual that it overwrites are alive in the same bytes. */
function bytesAlive(occupants: Occupant[], step: number): number {
  const spans = occupants
    .flatMap(({ offset, blocks }) => blocks.map((block) => ({ begin: offset + block.offset, block })))
    .filter(({ block }) => isAlive(block, step))
    .sort((a, b) => a.begin - b.begin);
  let [sum, reached] = [0, 0];
  for (const { begin, block } of spans) {
    const end = begin + block.bytes;
    sum += Math.max(0, end - Math.max(begin, reached));
    reached = Math.max(reached, end);
  }
  return sum;
}

/** Whether a block holds something at a step. */
export const isAlive = ({ times }: Block, step: number): boolean =>
  times.some(([first, last]) => first <= step && step <= last);
