import { definition, type Graph, type Plan, type PlanBuffer, type PlanMemory } from '../models/index.js';
import type { ConstantField, Constants } from './constants.js';

/** A number, or something whose address is only known later: in the arena, or in the node's constants. */
export type RecordValue = number | { arena: number } | { constants: number };

/**
 * The record that tells a node's code where its data is, class Node of assembly/node.ts: words of 32 bits, in
 * order. Addresses are pointers in C.
 */
export const nodeFields = [
  { name: 'layer', pointer: false },
  { name: 'y', pointer: true },
  { name: 'y_rows', pointer: false },
  { name: 'x', pointer: true },
  { name: 'x_rows', pointer: false },
  { name: 'x1', pointer: true },
  { name: 'x1_rows', pointer: false },
  { name: 'x2', pointer: true },
  { name: 'x2_rows', pointer: false },
  { name: 'scratch', pointer: true },
  { name: 'kept', pointer: true },
  { name: 'weights', pointer: true },
  { name: 'thresholds', pointer: true },
  { name: 'multiplier', pointer: true },
  { name: 'bias', pointer: true },
  { name: 'shift', pointer: false },
  { name: 'source', pointer: false },
] as const;

/** Bytes of a node's record. */
export const NODE_BYTES = 4 * nodeFields.length;

/** Class Model of assembly/node.ts: the head of a model's memory. */
export const modelFields = [
  { name: 'steps', pointer: true },
  { name: 'steps_end', pointer: true },
  { name: 'nodes', pointer: true },
] as const;

export const MODEL_BYTES = 4 * modelFields.length;

/** Class Step of assembly/node.ts: words of 16 bits. */
export const stepFields = ['node', 'row', 'rows'] as const;

export const STEP_BYTES = 2 * stepFields.length;

type NodeField = (typeof nodeFields)[number]['name'];

/**
 * Node `i` as assembly/node.ts declares it, before addresses are known: memory-image.ts turns it into
 * addresses of a linear memory, firmware-gen into symbols for a linker. `layer`: the node's function;
 * `source`: where its constants begin outside, if they are `fetched`; `thread`: whose working memory it
 * names.
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
  const ring = <T extends string>(tensor: T, buffer: PlanBuffer | undefined) =>
    ({
      [tensor]: buffer ? { arena: buffer.offset } : 0,
      [`${tensor}_rows`]: buffer?.rows ?? 0,
    }) as Record<T | `${T}_rows`, RecordValue>;
  /** Each thread's part of some memory. */
  const own = (memory: PlanMemory | undefined): RecordValue => {
    const { offset, bytes } = memory ?? { offset: 0, bytes: 0 };
    return { arena: offset + (thread * bytes) / (plan.choices.threads ?? 1) };
  };
  // Fetched constants are at the end of the node's working memory.
  const constant = (field: ConstantField): RecordValue => {
    const offset = constants.fields[field] ?? 0;
    return fetched ? { arena: plan.scratch.get(i)!.fetched + offset } : { constants: offset };
  };
  const inputs = definition(node)
    .inputs(node)
    .map((name) => plan.buffers.get(name));
  const record: Record<NodeField, RecordValue> = {
    layer,
    ...ring('y', plan.buffers.get(node.output)),
    ...ring('x', inputs[0]),
    ...ring('x1', inputs[1]),
    ...ring('x2', inputs[2]),
    scratch: own(plan.scratch.get(i)),
    kept: own(plan.kept.get(i)),
    weights: constant('weights'),
    thresholds: constant('thresholds'),
    multiplier: constant('multiplier'),
    bias: constant('bias'),
    shift: constants.shift,
    source,
  };
  return nodeFields.map(({ name }) => record[name]);
}
