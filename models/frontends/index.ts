import { ascii } from '../ascii.js';
import { SpikeletError } from '../error.js';
import type { Shape } from '../tensor.js';
import { type EventParameters, events } from './events.js';
import {
  type Accuracy,
  type Events,
  type FrontEndDefinition,
  type FrontEndStream,
  type RawKind,
  refusal,
  type Tables,
} from './front-end.js';
import { type LogMel, logmel } from './logmel.js';
import { type Pixels, pixels } from './pixels.js';
import { type Resize, resize } from './resize.js';
import { type WindowParameters, window } from './window.js';

export { type EventParameters, eventFrames, eventsOf } from './events.js';
export type { Accuracy, Events, FrontEndStream, RawKind, Tables } from './front-end.js';
export { type LogMel, logmelFrontEnd, logmelParameters, logmelPresets } from './logmel.js';
export type { Pixels } from './pixels.js';
export { centreCrop, type Resize } from './resize.js';
export { type Take, type WindowOutput, type WindowParameters, windowMultiplier } from './window.js';

/** What each kind's parameters are, and what it takes. */
type Kinds = {
  pixels: [Pixels, Uint8Array];
  resize: [Resize, Uint8Array];
  logmel: [LogMel, Int16Array];
  window: [WindowParameters, Int16Array];
  events: [EventParameters, Events];
};

export type FrontEndKind = keyof Kinds;

/** What turns a raw signal into a model's input image: plain data, and its tables. */
export type FrontEnd = {
  [K in FrontEndKind]: { kind: K; parameters: Kinds[K][0]; tables: Tables };
}[FrontEndKind];

/** A front end without its tables, as it is in a file's JSON. */
export type FrontEndStructure = { [K in FrontEndKind]: { kind: K; parameters: Kinds[K][0] } }[FrontEndKind];

/** Any raw signal. */
export type Raw = Kinds[FrontEndKind][1];

/** Every kind, by name. */
export const frontEnds: { [K in FrontEndKind]: FrontEndDefinition<Kinds[K][0], Kinds[K][1]> } = {
  pixels,
  resize,
  logmel,
  window,
  events,
};

/** The one place where the types of a front end and of its definition are brought together. */
function definition(kind: FrontEndKind): FrontEndDefinition<unknown, Raw> {
  if (!Object.hasOwn(frontEnds, kind))
    throw new SpikeletError(`unknown front end '${ascii(String(kind))}'`, {
      hint: `there are ${Object.keys(frontEnds).join(', ')}; was it made by a newer spikelet?`,
    });
  return frontEnds[kind] as unknown as FrontEndDefinition<unknown, Raw>;
}

/** The length of each table that a front end needs. Throws where its parameters do not fit each other. */
export function frontEndTables({ kind, parameters }: FrontEndStructure): Record<string, number> {
  const front = definition(kind);
  front.check(parameters);
  return front.tableLengths(parameters);
}

/** Throws a SpikeletError unless the parameters fit each other and the tables are those of the parameters. */
export function checkFrontEnd(frontEnd: FrontEnd): void {
  const { kind, parameters, tables } = frontEnd;
  const parsed = definition(kind).schema.safeParse(parameters);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw refusal(kind, `${ascii(path.join('.')) || 'the parameters'}: ${ascii(message)}`);
  }
  const lengths = frontEndTables(frontEnd);
  for (const [name, length] of Object.entries(lengths))
    if (tables[name]?.length !== length)
      throw refusal(
        kind,
        `table '${name}' must hold ${length} values, got ${tables[name]?.length ?? 'none'}`,
      );
  const extra = Object.keys(tables).find((name) => !Object.hasOwn(lengths, name));
  if (extra) throw refusal(kind, `unknown table '${ascii(extra)}'`);
  definition(kind).checkTables(parameters, tables);
}

/** [rows, columns, channels] of the image that a front end gives. */
export const frontEndShape = ({ kind, parameters }: FrontEndStructure): Shape =>
  definition(kind).outputShape(parameters);

/** Bytes of RAM that a stream of it needs on a device, part by part. */
export const frontEndState = ({ kind, parameters }: FrontEndStructure): Record<string, number> =>
  definition(kind).state(parameters);

/** One line: what it computes. */
export const describeFrontEnd = ({ kind, parameters }: FrontEndStructure): string =>
  definition(kind).describe(parameters);

/** How far its integers are from float64; undefined where they are so by definition. */
export const frontEndAccuracy = ({ kind, parameters, tables }: FrontEnd): Accuracy | undefined =>
  definition(kind).accuracy?.(parameters, tables);

/** What it takes. */
export const rawKind = ({ kind }: FrontEndStructure): RawKind => definition(kind).raw;

const is: Record<RawKind, (raw: Raw) => boolean> = {
  i16: (raw) => raw instanceof Int16Array,
  u8: (raw) => raw instanceof Uint8Array,
  events: (raw) => 't' in raw,
};

function requireRaw(frontEnd: FrontEnd, raw: Raw): void {
  const wanted = rawKind(frontEnd);
  if (!is[wanted](raw)) throw refusal(frontEnd.kind, `takes ${wanted}`);
}

/**
 * All images of a whole recording, u8 [row][column][channel] each: the integer definition of the front end.
 */
export function runFrontEnd(frontEnd: FrontEnd, raw: Raw): Uint8Array[] {
  requireRaw(frontEnd, raw);
  return definition(frontEnd.kind).run(frontEnd.parameters, frontEnd.tables, raw);
}

/** The same, for a signal that arrives in pieces. */
export function streamFrontEnd(frontEnd: FrontEnd): FrontEndStream<Raw> {
  const stream = definition(frontEnd.kind).stream(frontEnd.parameters, frontEnd.tables);
  return {
    push(raw) {
      requireRaw(frontEnd, raw);
      return stream.push(raw);
    },
    end: stream.end,
  };
}
