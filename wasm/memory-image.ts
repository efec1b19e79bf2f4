import { type Graph, type Plan, pixelTable, SpikeletError } from '../models/index.js';
import { align } from '../models/plan/place.js';
import { type FrontEndLayer, frontEndLayer, layOutFrontEnd, signalBytes } from './front-end.js';
import type { Layer } from './layer.js';
import { MODEL_BYTES, NODE_BYTES, nodeRecord, STEP_BYTES, stepFields } from './node-record.js';
import { hasVectors, type Tier } from './tiers.js';

/**
 * A model's memory: the image (constants, all that infer() needs to know of the plan), then the arena.
 * Constants that are fetched are outside it.
 */
export type MemoryImage = {
  /** The image's bytes; they begin at address IMAGE_ADDRESS. */
  bytes: Uint8Array;
  /** Address of the pixel table, [channel][256] i8. */
  pixelTable: number;
  /** Address of the arena; a tensor is there at its buffer's offset. */
  arena: number;
  /** Constants that are fetched, node after node; their offsets are in the image. */
  outside: Uint8Array;
  /** Bytes of weights, in the image or outside. */
  weightBytes: number;
  /** Addresses and sizes of the front end's state, which is not constant, and of what it is given; absent: it has none. */
  frontEnd?: { state: [address: number, bytes: number]; signal: [address: number, bytes: number] };
  /** With several threads: address of their Models, one after the other, and of the words they share. */
  threads?: { models: number; control: number };
};

/**
 * Nothing is below it, so that an optimiser may move a constant from an address into its instruction
 * (compile.ts).
 */
export const IMAGE_ADDRESS = 1024;

/** Bytes of the words that threads share (assembly/threads.ts), which are RAM. */
export const CONTROL_BYTES = 192;
/** Where assembly/node.ts expects the vector tiers' table. */
const COMPACTION = IMAGE_ADDRESS + 16;

/** Where everything is: addresses in the memory, offsets outside it. */
type Places = {
  steps: number;
  /** Models, one after the other, and the table of nodes of each. */
  models: number;
  tables: number[];
  pixelTable: number;
  /** By node: the address of its constants, or where they begin outside. */
  constants: { inside?: number; source: number }[];
  /** The tables and the first state of the front end begin at `address`. */
  frontEnd?: { address: number; bytes: Uint8Array } & NonNullable<MemoryImage['frontEnd']>;
  outsideBytes: number;
  control: number;
  arena: number;
};

/**
 * Places what assembly/node.ts declares: Model, the vector tiers' table, steps, nodes; then the constants.
 */
function placesOf(graph: Graph, plan: Plan, layers: Layer[], compactionBytes: number): Places {
  let end = IMAGE_ADDRESS;
  const place = (bytes: number): number => {
    const address = end;
    end += align(bytes);
    return address;
  };
  place(MODEL_BYTES);
  place(compactionBytes);
  const steps = place(plan.steps.length * STEP_BYTES);
  const { threads = 1 } = plan.choices;
  const models = threads > 1 ? place(threads * MODEL_BYTES) : IMAGE_ADDRESS;
  const tables = Array.from({ length: threads }, () => place(graph.nodes.length * NODE_BYTES));
  const pixels = place(pixelTable(graph).length);
  let outsideBytes = 0;
  const constants = layers.map(({ constants: { bytes, blockBytes }, fetch }, i) => {
    if (!fetch) return { inside: place(bytes.length), source: 0 };
    const reserved = plan.choices.fetches.get(graph.nodes[i]!.name)!.bytes;
    if (reserved !== fetch * blockBytes)
      throw new Error(
        `${fetch} x ${blockBytes} B of constants do not fill the ${reserved} B that are planned`,
      );
    const source = outsideBytes;
    outsideBytes += align(bytes.length);
    return { source };
  });
  // Of several threads none takes a raw signal.
  const front = threads > 1 ? undefined : frontEndLayer(graph.frontEnd);
  const frontEnd = front ? { frontEnd: placeFrontEnd(front, place) } : {};
  const control = threads > 1 ? Math.ceil(end / 64) * 64 : end;
  const arena = threads > 1 ? control + CONTROL_BYTES : control;
  return { steps, models, tables, pixelTable: pixels, constants, ...frontEnd, outsideBytes, control, arena };
}

/** A front end's tables and state, and where it is given its signal. */
function placeFrontEnd(
  layer: FrontEndLayer,
  place: (bytes: number) => number,
): NonNullable<Places['frontEnd']> {
  const address = place(layOutFrontEnd(layer, 0).end);
  const { bytes, record, end } = layOutFrontEnd(layer, address);
  const size = signalBytes(layer);
  return { address, bytes, state: [record, end - record], signal: [place(size), size] };
}

/**
 * Lays out a model's memory. `functionOf`: the nodes' functions, from emitSource. Throws if the steps do not
 * fit their 16 bits.
 */
export function layOutMemory(
  graph: Graph,
  plan: Plan,
  { layers, functionOf, tier }: { layers: Layer[]; functionOf: number[]; tier: Tier },
): MemoryImage {
  if (graph.nodes.length > 65535 || plan.steps.some(({ row, rows }) => row + rows > 65535))
    throw new SpikeletError(`graph '${graph.name}' has a map of more than 65535 rows`, {
      hint: 'train it on smaller images',
    });
  const compaction = hasVectors(tier) ? compactionTable() : new Uint8Array(0);
  const places = placesOf(graph, plan, layers, compaction.length);
  const { steps, models, tables, control, arena } = places;
  const bytes = new Uint8Array(control - IMAGE_ADDRESS);
  const outside = new Uint8Array(places.outsideBytes);
  const view = new DataView(bytes.buffer);
  const words = (address: number, values: number[]) =>
    values.forEach((value, i) => {
      view.setUint32(address - IMAGE_ADDRESS + 4 * i, value, true);
    });
  tables.forEach((nodes, thread) => {
    words(models + thread * MODEL_BYTES, [steps, steps + plan.steps.length * STEP_BYTES, nodes]);
  });
  plan.steps.forEach((step, i) => {
    stepFields.forEach((field, j) => {
      view.setUint16(steps - IMAGE_ADDRESS + i * STEP_BYTES + 2 * j, step[field], true);
    });
  });
  bytes.set(compaction, COMPACTION - IMAGE_ADDRESS);
  bytes.set(new Uint8Array(pixelTable(graph).buffer), places.pixelTable - IMAGE_ADDRESS);
  layers.forEach(({ constants }, i) => {
    const { inside, source } = places.constants[i]!;
    const fetched = inside === undefined;
    tables.forEach((nodes, thread) => {
      const about = { layer: functionOf[i] ?? 0, constants, fetched, source, thread };
      const address = (value: ReturnType<typeof nodeRecord>[number]): number => {
        if (typeof value === 'number') return value;
        return 'arena' in value ? arena + value.arena : inside! + value.constants;
      };
      words(nodes + i * NODE_BYTES, nodeRecord(graph, plan, i, about).map(address));
    });
    if (fetched) outside.set(constants.bytes, source);
    else bytes.set(constants.bytes, inside - IMAGE_ADDRESS);
  });
  const { frontEnd } = places;
  if (frontEnd) bytes.set(frontEnd.bytes, frontEnd.address - IMAGE_ADDRESS);
  return {
    ...{ bytes, pixelTable: places.pixelTable, arena, outside },
    weightBytes: layers.reduce((sum, { constants }) => sum + constants.weightBytes, 0),
    ...(frontEnd ? { frontEnd: { state: frontEnd.state, signal: frontEnd.signal } } : {}),
    ...(tables.length > 1 ? { threads: { models, control } } : {}),
  };
}

/** [mask][8]: the positions of the bits of an 8-bit mask, lowest first. */
function compactionTable(): Uint8Array {
  const table = new Uint8Array(256 * 8);
  for (let mask = 0; mask < 256; mask++)
    [0, 1, 2, 3, 4, 5, 6, 7]
      .filter((bit) => mask & (1 << bit))
      .forEach((bit, i) => {
        table[mask * 8 + i] = bit;
      });
  return table;
}
