import { definition, type Graph, type Plan, type PlanBuffer } from '../../models/index.js';
import { type Constants, constantFields } from './constants.js';

/** A number, or an address in the arena or in the node's constants, from their begin. */
export type RecordValue = number | { arena: number } | { constants: number };

/** Words of a record. */
export const NODE_WORDS = 17;

/**
 * Node `i` as assembly/node.ts declares it, before it is known where anything lies: image.ts turns it into addresses of
 * a linear memory, firmware into addresses that a linker knows. `layer`: the node's function; `source`: where its
 * constants begin outside, if they are `fetched`.
 */
export function nodeRecord(
  graph: Graph,
  plan: Plan,
  i: number,
  {
    layer,
    constants,
    fetched,
    source,
  }: { layer: number; constants: Constants; fetched: boolean; source: number },
): RecordValue[] {
  const node = graph.nodes[i]!;
  const ring = (buffer: PlanBuffer | undefined): RecordValue[] =>
    buffer ? [{ arena: buffer.offset }, buffer.rows] : [0, 0];
  const inputs = definition(node)
    .inputs(node)
    .map((name) => plan.buffers.get(name));
  return [
    layer,
    ...ring(plan.buffers.get(node.output)),
    ...ring(inputs[0]),
    ...ring(inputs[1]),
    ...ring(inputs[2]),
    { arena: plan.scratch.get(i)?.offset ?? 0 },
    { arena: plan.kept.get(i)?.offset ?? 0 },
    ...constantFields.map((field): RecordValue => {
      const offset = constants.fields[field] ?? 0;
      // Fetched constants lie at the end of the node's working memory.
      return fetched ? { arena: plan.scratch.get(i)!.fetched + offset } : { constants: offset };
    }),
    constants.shift,
    source,
  ];
}
