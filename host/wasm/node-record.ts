import { definition, type Graph, type Plan, type PlanBuffer, type PlanMemory } from '../../models/index.js';
import { type Constants, constantFields } from './constants.js';

/** A number, or an address in the arena or in the node's constants, from their begin. */
export type RecordValue = number | { arena: number } | { constants: number };

/** Words of a record. */
export const NODE_WORDS = 17;

/**
 * Node `i` as assembly/node.ts declares it, before it is known where anything lies: image.ts turns it into addresses of
 * a linear memory, firmware into addresses that a linker knows. `layer`: the node's function; `source`: where its
 * constants begin outside, if they are `fetched`; `thread`: whose working memory it names.
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
    thread = 0,
  }: { layer: number; constants: Constants; fetched: boolean; source: number; thread?: number },
): RecordValue[] {
  const node = graph.nodes[i]!;
  const ring = (buffer: PlanBuffer | undefined): RecordValue[] =>
    buffer ? [{ arena: buffer.offset }, buffer.rows] : [0, 0];
  /** Each thread's part of some memory. */
  const own = (memory: PlanMemory | undefined): RecordValue => {
    const { offset, bytes } = memory ?? { offset: 0, bytes: 0 };
    return { arena: offset + (thread * bytes) / (plan.choices.threads ?? 1) };
  };
  const inputs = definition(node)
    .inputs(node)
    .map((name) => plan.buffers.get(name));
  return [
    layer,
    ...ring(plan.buffers.get(node.output)),
    ...ring(inputs[0]),
    ...ring(inputs[1]),
    ...ring(inputs[2]),
    own(plan.scratch.get(i)),
    own(plan.kept.get(i)),
    ...constantFields.map((field): RecordValue => {
      const offset = constants.fields[field] ?? 0;
      // Fetched constants lie at the end of the node's working memory.
      return fetched ? { arena: plan.scratch.get(i)!.fetched + offset } : { constants: offset };
    }),
    constants.shift,
    source,
  ];
}
