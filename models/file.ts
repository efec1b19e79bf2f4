import type { z } from 'zod';
import { ascii } from './ascii.js';
import { labelled, SpikeletError } from './error.js';
import { frontEndTensors, requireFrontEnd, takeFrontEnd, withoutTables } from './frontends/tensors.js';
import { definition, type Graph, prove } from './graph.js';
import { checkParams, type Net, netShapes } from './net.js';
import { packedBytes, packWeights, unpackWeights } from './packing.js';
import { readSafetensors, type Safetensors, writeSafetensors } from './safetensors.js';
import { graphSchema, netSchema } from './schema.js';
import { product, type Tensor, toFloat32 } from './tensor.js';

/** Newest versions of the two file formats that this spikelet reads and writes. */
const VERSION = { net: 1, graph: 1 } as const;

type Kind = keyof typeof VERSION;

/**
 * Which of spikelet's files this is; undefined for any other .safetensors, such as another program's
 * checkpoint.
 */
export const fileKind = ({ metadata }: Safetensors): Kind | undefined =>
  metadata['format'] === 'spikelet-net'
    ? 'net'
    : metadata['format'] === 'spikelet-graph'
      ? 'graph'
      : undefined;

/** A Net as .safetensors: parameters in PyTorch's names, architecture as JSON in the metadata. */
export const writeNet = (net: Net): Uint8Array =>
  writeSafetensors(new Map([...net.params, ...frontEndTensors(net)]), netMetadata(net));

export function netMetadata({ params: _, ...model }: Net): Record<string, string> {
  const structure = withoutTables(model);
  // What could not be read again is not written.
  checked(structure, 'net', netSchema, `net '${structure.name}'`);
  labelled(`net '${structure.name}'`, () => requireFrontEnd(model, model.input.shape));
  return metadataOf('net', structure);
}

/** Reads and checks a Net; `label` (a path, say) begins every error. */
export function readNet(bytes: Uint8Array, label = 'file'): Net {
  return netOf(readSafetensors(bytes, label), label);
}

export function netOf(file: Safetensors, label: string): Net {
  const structure = structureOf(file, 'net', netSchema, label);
  if (
    structure.input.mean.length !== structure.input.shape[2] ||
    structure.input.std.length !== structure.input.shape[2]
  )
    throw new SpikeletError(`${label}: mean and std do not have one value per channel`);
  const { model, tensors } = labelled(label, () => takeFrontEnd(structure, file.tensors));
  const params = new Map<string, Tensor>();
  for (const [name, { shape, data }] of tensors) params.set(name, { shape, data: toFloat32(data) });
  const net: Net = { ...model, params };
  labelled(label, () => requireFrontEnd(net, net.input.shape));
  const logits = labelled(label, () => netShapes(net)).get(net.nodes.at(-1)!.name)!;
  if (product(logits) !== net.classes.length)
    throw new SpikeletError(
      `${label}: the net has ${product(logits)} outputs for ${net.classes.length} classes`,
    );
  labelled(label, () => checkParams(net));
  return net;
}

/**
 * A Graph as .safetensors: weights packed to their bits, everything else i32, structure as JSON in the
 * metadata.
 */
export function writeGraph(graph: Graph): Uint8Array {
  const { data, ...model } = graph;
  const structure = withoutTables(model);
  // In the schema's order: a graph that was read gives the same bytes, and devices know graphs by the CRC of these.
  const inOrder = checked(structure, 'graph', graphSchema, `graph '${structure.name}'`);
  const tensors = frontEndTensors(graph);
  const bits = weightBits(structure.nodes);
  for (const [key, values] of data) {
    const packed = values instanceof Int8Array ? packWeights(values, bits.get(key) ?? 8) : values;
    tensors.set(key, { shape: [packed.length], data: packed });
  }
  return writeSafetensors(tensors, metadataOf('graph', inOrder));
}

/** Reads a Graph and proves it; `label` (a path, say) begins every error. */
export function readGraph(bytes: Uint8Array, label = 'file'): Graph {
  return graphOf(readSafetensors(bytes, label), label);
}

export function graphOf(file: Safetensors, label: string): Graph {
  const structure = structureOf(file, 'graph', graphSchema, label);
  const { model, tensors } = labelled(label, () => takeFrontEnd(structure, file.tensors));
  const data: Graph['data'] = new Map();
  const wrong = (key: string) =>
    new SpikeletError(`${label}: the array '${key}' is missing, has the wrong size or belongs to no node`, {
      hint: 'the file is damaged: quantize the net again',
    });
  const constants = structure.nodes.flatMap((node) => definition(node).constants(node));
  const owned = new Set<string>();
  for (const { key } of constants) {
    // Each array is proven for its node: if nodes could share one, a small file could cause hours of proofs.
    if (owned.has(key)) throw wrong(key);
    owned.add(key);
  }
  for (const constant of constants) {
    if (constant.type !== 'i8') continue;
    const { key, bits } = constant;
    const count = constant.length({ ...model, data });
    const packed = file.tensors.get(key)?.data;
    if (
      !Number.isInteger(count) ||
      !(packed instanceof Uint8Array) ||
      packed.length !== packedBytes(count, bits)
    )
      throw wrong(key);
    data.set(key, unpackWeights(packed, count, bits));
  }
  for (const [key, { data: values }] of tensors) {
    if (data.has(key)) continue;
    if (!owned.has(key) || !(values instanceof Int32Array)) throw wrong(key);
    data.set(key, values);
  }
  const graph: Graph = { ...model, data };
  labelled(label, () => prove(graph));
  return graph;
}

/** Bits of each array of weights. */
const weightBits = (nodes: Graph['nodes']) =>
  new Map(
    nodes.flatMap((node) =>
      definition(node)
        .constants(node)
        .flatMap((constant) => (constant.type === 'i8' ? [[constant.key, constant.bits] as const] : [])),
    ),
  );

const metadataOf = (kind: Kind, structure: unknown) => ({
  format: `spikelet-${kind}`,
  version: String(VERSION[kind]),
  [kind]: JSON.stringify(structure),
});

/** The checked JSON structure of one of spikelet's files. */
function structureOf<T>(file: Safetensors, kind: Kind, schema: z.ZodType<T>, label: string): T {
  const found = fileKind(file);
  if (found !== kind) {
    const what = found ? `a ${found === 'net' ? 'Net' : 'Graph'}` : 'not a spikelet file';
    const hint =
      kind === 'graph' ? "'spikelet quantize' turns a Net into a Graph" : "'spikelet train' writes Nets";
    throw new SpikeletError(`${label} is ${what}, a ${kind === 'net' ? 'Net' : 'Graph'} is needed`, { hint });
  }
  const version = Number(file.metadata['version']);
  if (!(Number.isInteger(version) && version >= 1 && version <= VERSION[kind]))
    throw new SpikeletError(
      `${label} has version ${brief(String(file.metadata['version']), 20)} of the format, this spikelet reads ${VERSION[kind]}`,
      {
        hint:
          version > VERSION[kind] ? 'update spikelet: npm install spikelet@latest' : 'the file is damaged',
      },
    );
  let json: unknown;
  try {
    json = JSON.parse(file.metadata[kind] ?? '');
  } catch {
    throw new SpikeletError(`${label}: the structure of the ${kind} is not JSON`, {
      hint: 'the file is damaged',
    });
  }
  return checked(json, kind, schema, label);
}

/** A structure that is as the schema says, fields in its order. */
function checked<T>(structure: unknown, kind: Kind, schema: z.ZodType<T>, label: string): T {
  const result = schema.safeParse(structure);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  const where = brief(path.join('.'), 100) || 'its root';
  throw new SpikeletError(
    `${label}: the structure of the ${kind} is wrong at ${where}: ${brief(message, 200)}`,
    {
      hint: 'the file is damaged, or was made by a newer spikelet',
    },
  );
}

/** zod's paths and messages contain names from the file. */
const brief = (text: string, longest: number): string =>
  ascii(text.length > longest ? `${text.slice(0, longest)}...` : text);
