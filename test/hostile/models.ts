import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyWasm } from '../../host/run/verify.js';
import { readCheckpoint, writeCheckpoint } from '../../host/train/checkpoint.js';
import { trainDefaults } from '../../host/train/options.js';
import { saveRun, startRun } from '../../host/train/state.js';
import { compileSource } from '../../host/wasm/compile.js';
import { loadWasm } from '../../host/wasm/load.js';
import {
  crc32,
  definition,
  type Graph,
  hex32,
  interpret,
  plainChoices,
  product,
  readGraph,
  readNet,
  readSafetensors,
  writeGraph,
  writeNet,
} from '../../models/index.js';
import { quantize } from '../../quantize/index.js';
import { zooNet } from '../support/nets.js';
import { below, pick, type Random, randomGraph, seeded } from '../support/random-graph.js';
import { linker, randomPixels } from '../support/wasm-models.js';
import { damaged, damagedOneOf, hostileJson, spliced } from './mutate.js';
import type { Reader } from './reader.js';
import { fileOf, partsOf } from './safetensors.js';

/**
 * Files of spikelet's own: containers, Nets, Graphs, checkpoints; and accepted Graphs, which must compute
 * alike everywhere.
 */
export const someNet = () => zooNet('mini', [12, 12, 2], 3, { widths: [2, 4] });

export function someGraphs(): Graph[] {
  const random = seeded(5);
  const image = () => Float32Array.from({ length: 288 }, () => 4 * random());
  const net = someNet();
  const quantized = ([8, 4] as const).map((bits) => quantize(net, [image(), image()], { bits }));
  return [...quantized, ...[1, 2, 3, 4].map((seed) => randomGraph(seeded(seed), 5))];
}

/**
 * The file with its data or its container damaged, or with other values in the JSON of its header or its
 * metadata.
 */
function hostileFile(originals: Uint8Array[], kind: string, random: Random): Uint8Array {
  const file = pick(random, originals);
  switch (below(random, 10)) {
    case 0:
      return damaged(file, random);
    case 1:
      return spliced(originals, random);
    case 2:
    case 3: {
      const { header, data } = partsOf(file);
      return fileOf(hostileJson(header, random), data);
    }
    case 4:
    case 5: {
      const { header, data } = partsOf(file);
      return fileOf(JSON.stringify(header), otherConstants(header, data, random));
    }
    default: {
      const { header, data } = partsOf(file);
      const metadata = { ...(header['__metadata__'] as Record<string, string>) };
      metadata[kind] = hostileJson(JSON.parse(metadata[kind]!), random);
      return fileOf(JSON.stringify({ ...header, __metadata__: metadata }), data);
    }
  }
}

/**
 * Data with 1 to 20 bytes changed: anywhere, or, so that most files stay valid, weights by a little and the
 * lowest bytes of words, one tensor alone.
 */
function otherConstants(header: Record<string, unknown>, data: Uint8Array, random: Random): Uint8Array {
  const changed = data.slice();
  const tensors = Object.entries(header).filter(([name]) => name !== '__metadata__');
  const [, tensor] = pick(random, tensors) as [string, { dtype: string; data_offsets: [number, number] }];
  const [from, to] = tensor.data_offsets;
  const width = { I8: 1, U8: 1, I16: 2 }[tensor.dtype] ?? 4;
  const anywhere = !below(random, 3);
  for (let n = 1 + below(random, 20); n && to > from; n--)
    if (anywhere) changed[below(random, data.length)] = below(random, 256);
    else {
      const at = from + width * below(random, (to - from) / width);
      changed[at] =
        width === 1 ? pick(random, [0, 1, 255, changed[at]! ^ 1]) : changed[at]! ^ (1 << below(random, 4));
    }
  return changed;
}

const netFiles = () => [writeNet(someNet()), writeNet(zooNet('mini', [8, 8, 1], 2, { widths: [2, 4] }))];

/** Graphs that a process accepted, one file each, by the CRC of what they compute from. */
const acceptedIn = (folder: string): string => join(folder, 'accepted');

const containers: Reader = {
  name: 'safetensors',
  parts: 8,
  async open() {
    const files = [...netFiles(), writeGraph(someGraphs()[2]!)];
    return {
      input: (random) => {
        const { header, data } = partsOf(pick(random, files));
        return below(random, 2) ? damagedOneOf(files, random) : fileOf(hostileJson(header, random), data);
      },
      read: (bytes) => readSafetensors(bytes, 'f').tensors.size,
    };
  },
};

const nets: Reader = {
  name: 'nets',
  parts: 9,
  async open() {
    const files = netFiles();
    return {
      input: (random) => hostileFile(files, 'net', random),
      read: (bytes) => crc32(writeNet(readNet(bytes, 'f'))),
    };
  },
};

const graphs: Reader = {
  name: 'graphs',
  parts: 13,
  async open(folder) {
    const files = someGraphs().map(writeGraph);
    const accepted = acceptedIn(folder);
    mkdirSync(accepted, { recursive: true });
    return {
      input: (random) => hostileFile(files, 'graph', random),
      read(bytes) {
        const file = writeGraph(readGraph(bytes, 'f'));
        const crc = crc32(file);
        writeFileSync(join(accepted, `${hex32(crc)}.safetensors`), file);
        return crc;
      },
    };
  },
};

/** What is run: the interpreter computes some 100 million products in a second. */
const MOST_MACS = 2e7;
const MOST_VALUES = 2 ** 22;

/**
 * Each accepted Graph once, in both: equal at every tensor. Graphs that differ in constants alone share
 * compiled code.
 */
const equal: Reader = {
  name: 'graphs: equal in WebAssembly',
  parts: 0,
  slice: 300,
  async open(folder) {
    const accepted = acceptedIn(folder);
    mkdirSync(accepted, { recursive: true });
    const files = readdirSync(accepted).sort();
    const compiled = new Map<string, Uint8Array>();
    const compile: typeof compileSource = async (source, tier) => {
      const known = compiled.get(source);
      const code = known ?? (await compileSource(source, tier));
      if (compiled.size > 500) compiled.clear();
      compiled.set(source, code);
      return code;
    };
    // The compiler starts slowly the first time: seconds of CPU, which no input has caused. Not from the cache of
    // compiled code, so that it does start here, and each input is compiled.
    process.env['SPIKELET_NO_CACHE'] = '1';
    await linker(someGraphs()[2]!, 'simd', plainChoices, compile);
    return {
      count: files.length,
      input: (_, index) => readFileSync(join(accepted, files[index]!)),
      async read(bytes) {
        const graph = readGraph(bytes, 'f');
        const macs = graph.nodes.reduce((sum, node) => sum + definition(node).macs(node, graph), 0);
        const values = Object.values(graph.tensors).reduce((sum, { shape }) => sum + product(shape), 0);
        if (macs > MOST_MACS || values > MOST_VALUES) return 'too large to run';
        const link = await linker(graph, 'simd', plainChoices, compile);
        const { bytes: module, outside } = await link();
        const random = seeded(crc32(bytes));
        const images = [randomPixels(graph, random, 0.7), randomPixels(graph, random, 1).fill(127)];
        const { equal, samples, firstDifference } = verifyWasm(graph, loadWasm(module, outside), images);
        if (equal !== samples) throw new Error(`not equal: ${JSON.stringify(firstDifference)}`);
        return String(images.map((image) => [...interpret(graph, image)]));
      },
    };
  },
};

const checkpoints: Reader = {
  name: 'checkpoints of training',
  parts: 5,
  async open() {
    const net = someNet();
    const state = saveRun(net, startRun(net), trainDefaults);
    const files = [writeCheckpoint({ net, state, data: 'gestures' })];
    return {
      input: (random) => hostileFile(files, pick(random, ['net', 'progress']), random),
      read: (bytes) => readCheckpoint(bytes, 'f').state.progress.epoch,
    };
  },
};

export const modelReaders = [containers, nets, graphs, equal, checkpoints];
