import { z } from 'zod';
import type { NodeSchema } from './node-schema.js';

/** What the JSON of a file is made of; every size is bounded here, before anything is allocated. */
const MAX_SIDE = 1 << 16;

/** Values of the largest map: half a gigabyte in float32. */
export const MAX_VALUES = 1 << 27;

/**
 * Not allowed in names: control characters, line ends, lone surrogates, marks that turn the direction of
 * text.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u;

/** Whether a name has only allowed characters, as the names in spikelet's files have. */
export const isPrintable = (text: string): boolean => !UNPRINTABLE.test(text);

/** Text that may reach a terminal. */
export const printable = (longest: number) =>
  z.string().max(longest).refine(isPrintable, 'a control character');

// Names become keys of plain objects, which have a 'constructor' already.
export const name = printable(200)
  .min(1)
  .refine((text) => !(text in Object.prototype), 'a reserved name');
export const size = z.int().min(1).max(MAX_SIDE);
export const pair = z.tuple([size, size]);
export const padding = z.tuple([z.int().min(0).max(MAX_SIDE), z.int().min(0).max(MAX_SIDE)]);
export const shape = z
  .tuple([size, size, size])
  .refine(([h, w, c]) => h * w * c <= MAX_VALUES, `a map of more than ${MAX_VALUES} values`);
export const positive = z.number().positive();
export const levels = z.int().min(1).max(15);
export const channels = z.array(z.number()).max(MAX_SIDE);
export const deviations = z.array(positive).max(MAX_SIDE);
export const classes = z.array(printable(1000)).max(MAX_SIDE).min(1);

/** unknown if two types hold the same values, else never. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? unknown : never) : never;

/**
 * The schema of a node of type N. Does not compile while a field is missing (those that may be absent too),
 * has another type, or is not one of N's. Files hold the fields in this order.
 */
export const nodeSchema =
  <N extends { op: string }>() =>
  <F extends { [K in keyof N]-?: z.ZodType<Required<N>[K], Required<N>[K]> }>(
    fields: F & Same<keyof F, keyof N> & Same<z.output<z.ZodObject<F>>, N>,
  ): z.ZodType<N, N> =>
    z.strictObject(fields as F) as unknown as z.ZodType<N, N>;

/** One of several nodes, told apart by `op`. */
export const anyOf = <N>(table: Record<string, { schema: NodeSchema<N> }>): z.ZodType<N, N> =>
  z.discriminatedUnion('op', Object.values(table).map(({ schema }) => schema) as never);
