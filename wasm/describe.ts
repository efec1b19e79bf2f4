import { z } from 'zod';
import {
  bytesPerValue,
  countBytes,
  crc32,
  type FrontEndKind,
  frontEnds,
  type Graph,
  outputOf,
  type Plan,
  SpikeletError,
  tensorNames,
  valueRange,
} from '../models/index.js';
import type { WasmDescription } from './description.js';
import { CONTROL_BYTES, IMAGE_ADDRESS, type MemoryImage } from './memory-image.js';
import { MODEL_BYTES } from './node-record.js';
import { type Tier, tiers } from './tiers.js';

/** Name of the custom section that describes a module; its contents are JSON. */
export const SECTION = 'spikelet';
/** Version of the description's layout. */
const FORMAT = 1;

/** More than any real description takes; larger ones are not read. */
const LARGEST_SECTION = 4 << 20;

/** More threads than this only wait for each other. */
export const MOST_THREADS = 64;

const int = (most: number) => z.number().int().min(0).max(most);
const positive = (most: number) => z.number().int().min(1).max(most);
const address = int(2 ** 32 - 1);
const name = z.string().min(1).max(256);
const shape = z.tuple([positive(65535), positive(65535), positive(65535)]);
const types = Object.keys(valueRange) as (keyof typeof valueRange)[];

const schema: z.ZodType<WasmDescription> = z.object({
  format: z.literal(FORMAT),
  name,
  tier: z.enum(tiers),
  classes: z.array(z.string().max(256)).min(1),
  input: z.object({ scale: z.number(), mean: z.array(z.number()), std: z.array(z.number()) }),
  output: z.object({ scale: z.number() }),
  tensors: z
    .array(
      z.tuple([
        name,
        z.enum(['pixels', 'spikes', 'membrane', 'logits']),
        z.enum([...types, 'u4']),
        shape,
        address,
        positive(65535),
      ]),
    )
    .min(2),
  image: z.tuple([address, address]),
  arena: z.tuple([address, address]),
  pixelTable: address,
  weights: address,
  frontEnd: z
    .object({
      kind: z.enum(Object.keys(frontEnds) as FrontEndKind[]),
      state: z.tuple([address, address]),
      signal: z.tuple([address, address]),
    })
    .optional(),
  outside: z.tuple([address, address]).optional(),
  threads: z.tuple([z.number().int().min(2).max(MOST_THREADS), address, address, positive(65535)]).optional(),
});

/** Pages of 64 KiB. */
export const pagesFor = (bytes: number): number => Math.ceil(bytes / 65536);

export function describe(graph: Graph, plan: Plan, image: MemoryImage, tier: Tier): WasmDescription {
  const tensors = tensorNames(graph).map((tensor) => {
    const { kind, type, shape } = graph.tensors[tensor]!;
    const { offset, rows, packed } = plan.buffers.get(tensor)!;
    return [
      tensor,
      kind,
      packed ? 'u4' : type,
      shape,
      image.arena + offset,
      rows,
    ] as WasmDescription['tensors'][number];
  });
  return {
    format: FORMAT,
    name: graph.name,
    tier,
    classes: graph.classes,
    input: { scale: graph.tensors['input']!.scale, ...graph.input },
    output: { scale: graph.tensors[outputOf(graph)]!.scale },
    tensors,
    image: [IMAGE_ADDRESS, image.bytes.length],
    arena: [image.arena, plan.arenaBytes],
    pixelTable: image.pixelTable,
    weights: image.weightBytes,
    ...(image.frontEnd && graph.frontEnd
      ? { frontEnd: { kind: graph.frontEnd.kind, ...image.frontEnd } }
      : {}),
    ...(image.threads
      ? {
          threads: [
            plan.choices.threads!,
            image.threads.models,
            image.threads.control,
            pagesFor(image.arena + plan.arenaBytes),
          ] as [number, number, number, number],
        }
      : {}),
    ...(image.outside.length ? { outside: [image.outside.length, crc32(image.outside)] } : {}),
  };
}

/** Bytes of one row of a described tensor. */
export const rowBytesOf = ([, , type, [, columns, channels]]: WasmDescription['tensors'][number]): number =>
  columns * (type === 'u4' ? countBytes(channels, true) : channels * bytesPerValue(type));

/**
 * The description of a compiled model, from its bytes alone. Throws a SpikeletError if they are not
 * WebAssembly, not a spikelet model, or describe something impossible.
 */
export function describeWasm(bytes: Uint8Array<ArrayBuffer>): WasmDescription {
  return describeModule(compileModule(bytes));
}

export function compileModule(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    throw notAModel('it is not a valid WebAssembly module', cause);
  }
}

export function describeModule(module: WebAssembly.Module): WasmDescription {
  const section = WebAssembly.Module.customSections(module, SECTION)[0];
  if (!section) throw notAModel(`it has no section '${SECTION}'`);
  if (section.byteLength > LARGEST_SECTION)
    throw notAModel(`its description has ${section.byteLength} bytes`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(section));
  } catch (cause) {
    throw notAModel('its description is not JSON', cause);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw notAModel(`its description is wrong at '${issue.path.join('.')}': ${issue.message}`);
  }
  const problem = contradiction(parsed.data);
  if (problem) throw notAModel(problem);
  return parsed.data;
}

/** What is impossible in a well-formed description; undefined if nothing is. */
function contradiction({
  tensors,
  classes,
  input,
  arena,
  image,
  pixelTable,
  frontEnd,
  threads,
}: WasmDescription): string | undefined {
  const [first, last] = [tensors[0]!, tensors.at(-1)!];
  if (first[0] !== 'input' || first[1] !== 'pixels' || first[2] !== 'i8') return 'it takes no pixels';
  if (last[1] !== 'logits' || last[2] !== 'i32') return 'it computes no logits';
  if (last[3][2] !== classes.length) return `it has ${last[3][2]} logits for ${classes.length} classes`;
  const channels = first[3][2];
  if (input.mean.length !== channels || input.std.length !== channels)
    return `its pixels have ${channels} channels, but ${input.mean.length} means`;
  if (pixelTable < image[0] || pixelTable + 256 * channels > image[0] + image[1])
    return 'its pixel table is outside its image';
  if (frontEnd)
    for (const [at, bytes] of [frontEnd.state, frontEnd.signal])
      if (at % 4 || at < image[0] || at + bytes > image[0] + image[1])
        return 'its front end is outside its image';
  const end = arena[0] + arena[1];
  if (threads) {
    const [count, models, control, pages] = threads;
    const imageEnd = image[0] + image[1];
    if (models < image[0] || models + count * MODEL_BYTES > imageEnd)
      return "its threads' models are outside its image";
    if (control % 64 || control < imageEnd || control + CONTROL_BYTES > arena[0] || pages !== pagesFor(end))
      return 'what its threads share is outside its memory';
  }
  for (const tensor of tensors) {
    const [name, , type, [rows], address, ring] = tensor;
    if (address % bytesPerValue(type === 'u4' ? 'u8' : type)) return `tensor '${name}' is not aligned`;
    if (ring > rows || address < arena[0] || address + ring * rowBytesOf(tensor) > end)
      return `tensor '${name}' is outside its arena`;
  }
  for (const whole of [first, last])
    if (whole[5] !== whole[3][0]) return `tensor '${whole[0]}' is not held whole`;
  return undefined;
}

const notAModel = (why: string, cause?: unknown) =>
  new SpikeletError(`this is not a spikelet model: ${why}`, {
    hint: "'spikelet build' writes model.wasm",
    cause,
  });
