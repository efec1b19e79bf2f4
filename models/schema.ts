import { z } from 'zod';
import { type FrontEndStructure, frontEndSchema } from './frontends/index.js';
import type { Graph } from './graph.js';
import { MAX_VALUES, type Net } from './net.js';

/**
 * What the JSON in a file's __metadata__ must look like. Every size is bounded here, before anything is allocated.
 */
const MAX_SIDE = 1 << 16;

/** Channels of all tensors of a Graph together: its proof keeps a range for each. */
const MAX_CHANNELS = 1 << 21;

/** Layers: the 173M network has some 400 in its Graph and 700 in its Net. */
const MAX_NODES = { net: 2500, graph: 1000 };

/** What no name needs: control characters, line ends, halves of characters, marks that turn the direction of text. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u;

/** Whether a name holds nothing that it does not need, as names of spikelet's own files do. */
export const isPrintable = (text: string): boolean => !UNPRINTABLE.test(text);

/** Text that may reach a terminal. */
const printable = (longest: number) => z.string().max(longest).refine(isPrintable, 'a control character');

// Names become keys of plain objects, which have a 'constructor' already.
const name = printable(200)
  .min(1)
  .refine((text) => !(text in Object.prototype), 'a reserved name');
const size = z.int().min(1).max(MAX_SIDE);
const pair = z.tuple([size, size]);
const padding = z.tuple([z.int().min(0).max(MAX_SIDE), z.int().min(0).max(MAX_SIDE)]);
const shape = z
  .tuple([size, size, size])
  .refine(([h, w, c]) => h * w * c <= MAX_VALUES, `a map of more than ${MAX_VALUES} values`);
const number = z.number();
const positive = z.number().positive();
const levels = z.int().min(1).max(15);
const channels = z.array(number).max(MAX_SIDE);
const classes = z.array(printable(1000)).max(MAX_SIDE);

const netNode = z.discriminatedUnion('op', [
  z.strictObject({
    op: z.literal('conv'),
    name,
    input: name,
    in: size,
    out: size,
    kernel: pair,
    stride: pair,
    padding,
    groups: size,
    bias: z.boolean(),
    bn: name.exactOptional(),
    weightShape: z.array(size).min(2).max(4),
  }),
  z.strictObject({
    op: z.literal('neuron'),
    name,
    input: name,
    levels,
    divisor: positive,
    rank: z.union([z.literal(2), z.literal(3), z.literal(4)]).exactOptional(),
  }),
  z.strictObject({ op: z.literal('add'), name, inputs: z.tuple([name, name]) }),
  z.strictObject({
    op: z.literal('attend'),
    name,
    inputs: z.tuple([name, name, name]),
    heads: size,
    scale: positive,
  }),
  z.strictObject({ op: z.literal('pool'), name, input: name }),
]);

export const netSchema = z.strictObject({
  name,
  input: z.strictObject({ shape, mean: channels, std: z.array(positive).max(MAX_SIDE) }),
  nodes: z.array(netNode).min(1).max(MAX_NODES.net),
  classes: classes.min(1),
  frontEnd: frontEndSchema.exactOptional(),
});

const tensor = z.strictObject({
  kind: z.enum(['pixels', 'spikes', 'membrane', 'logits']),
  type: z.enum(['i8', 'u8', 'i16', 'i32']),
  shape,
  scale: positive,
  levels: levels.exactOptional(),
  activity: z.strictObject({ rate: z.number().min(0), density: z.number().min(0).max(1) }).exactOptional(),
});

const scaled = { multiplier: name, bias: name, shift: z.int().min(0).max(31) };

const graphNode = z.discriminatedUnion('op', [
  z.strictObject({
    op: z.literal('accumulate'),
    name,
    input: name,
    output: name,
    out: size,
    kernel: pair,
    stride: pair,
    padding,
    groups: size,
    weights: name,
    bits: z.union([z.literal(8), z.literal(6), z.literal(4)]),
    end: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('fire'), thresholds: name }),
      z.strictObject({
        kind: z.literal('charge'),
        ...scaled,
        residual: name.exactOptional(),
        saturate: z.boolean(),
      }),
      z.strictObject({ kind: z.literal('readout'), ...scaled }),
    ]),
  }),
  z.strictObject({ op: z.literal('fire'), name, input: name, output: name, thresholds: name }),
  z.strictObject({
    op: z.literal('attend'),
    name,
    inputs: z.tuple([name, name, name]),
    output: name,
    heads: size,
    thresholds: name,
  }),
  z.strictObject({ op: z.literal('pool'), name, input: name, output: name, kernel: pair, stride: pair }),
]);

export const graphSchema = z.strictObject({
  name,
  classes: classes.min(1),
  input: z.strictObject({ mean: channels, std: z.array(positive).max(MAX_SIDE) }),
  tensors: z
    .record(name, tensor)
    .refine(
      (tensors) => Object.values(tensors).reduce((sum, { shape }) => sum + shape[2], 0) <= MAX_CHANNELS,
      `more than ${MAX_CHANNELS} channels`,
    ),
  nodes: z.array(graphNode).min(1).max(MAX_NODES.graph),
  frontEnd: frontEndSchema.exactOptional(),
});

/** A model as its JSON has it: what is stored as tensors is not in it. */
type Structure<Model, Data extends keyof Model> = Omit<Model, Data | 'frontEnd'> & {
  frontEnd?: FrontEndStructure;
};

/** A type that holds every value of the other: does not compile while a schema lacks an op or a field, or has one more. */
type Holds<All, Some extends All> = Some;
export type Schemas = [
  Holds<z.input<typeof netSchema>, Structure<Net, 'params'>>,
  Holds<Structure<Net, 'params'>, z.output<typeof netSchema>>,
  Holds<z.input<typeof graphSchema>, Structure<Graph, 'data'>>,
  Holds<Structure<Graph, 'data'>, z.output<typeof graphSchema>>,
];
