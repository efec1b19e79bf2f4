import { z } from 'zod';
import type { FrontEndStructure } from './frontends/index.js';
import { frontEndSchema } from './frontends/schema.js';
import { type Graph, type GraphNode, ops } from './graph.js';
import { type Net, type NetNode, netOps } from './net.js';
import { anyOf, channels, classes, deviations, levels, name, positive, shape } from './schema-parts.js';

/**
 * What the JSON in a file's __metadata__ must look like: the frame around the nodes, whose schemas their ops
 * have.
 */

/** Total channels of a Graph's tensors: its proof keeps a range for each. */
const MAX_CHANNELS = 1 << 21;

/** Layers: the 173M network has some 400 in its Graph and 700 in its Net. */
const MAX_NODES = { net: 2500, graph: 1000 };

export const netSchema = z.strictObject({
  name,
  input: z.strictObject({ shape, mean: channels, std: deviations }),
  nodes: z.array(anyOf<NetNode>(netOps)).min(1).max(MAX_NODES.net),
  classes,
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

export const graphSchema = z.strictObject({
  name,
  classes,
  input: z.strictObject({ mean: channels, std: deviations }),
  tensors: z
    .record(name, tensor)
    .refine(
      (tensors) => Object.values(tensors).reduce((sum, { shape }) => sum + shape[2], 0) <= MAX_CHANNELS,
      `more than ${MAX_CHANNELS} channels`,
    ),
  nodes: z.array(anyOf<GraphNode>(ops)).min(1).max(MAX_NODES.graph),
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
