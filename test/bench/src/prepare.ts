import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeFile } from '../../../dist/host/system/files.js';
import { emitPlanned } from '../../../dist/host/wasm/build.js';
import {
  type Activity,
  crc32,
  type Graph,
  hex32,
  interpret,
  netRunner,
  operationsOf,
  readGraph,
  toPixels,
  writeGraph,
  writeNet,
} from '../../../dist/models/index.js';
import { quantize } from '../../../dist/quantize/index.js';
import { planModel } from '../../../dist/wasm/plan-model.js';
import { type Tier, tiers } from '../../../dist/wasm/tiers.js';
import { floatModel } from './onnx/float.js';
import { quantizedModel } from './onnx/quantized.js';
import { buildFolder } from './paths.js';
import type { Workload } from './workload.js';

export type Bits = 8 | 6 | 4;

/** What is true of a network whoever runs it; kept on disk, because it takes minutes. */
type Facts = {
  /** For each input: logits in float64, and the integers that the reference interpreter gives. */
  logits: number[][];
  integers: number[][];
  /** Largest magnitude of every value on the calibration images. */
  largest: [string, number][];
  /** What pixels and spikes of the Graph did on the inputs. */
  activity: [string, Activity][];
};

export type Prepared = {
  logits: number[][];
  integers: Int32Array[];
  pixels: Int8Array[];
  /** Dense multiply-accumulates of an image, and the share of them whose input is not zero. */
  macs: number;
  density: number;
  /** Our module in every tier of kernels that is wanted. */
  modules: { tier: Tier; file: ModelFile; arenaBytes: number; buildSeconds: number }[];
  files: Record<'int8' | 'float' | 'net', ModelFile>;
};

export type ModelFile = { path: string; bytes: number };

/**
 * Makes the Graph, our modules for that number of threads, and the ONNX models of a workload, in build/bench.
 */
export async function prepare(
  work: Workload,
  bits: Bits,
  log: (line: string) => void,
  wanted: readonly Tier[] = tiers,
  threads = 1,
): Promise<Prepared> {
  const images = [...work.calibration, ...work.inputs].reduce((crc, image) => crc32(bytesOf(image), crc), 0);
  const key = crc32(Buffer.from(`${work.crc} ${bits} ${images} ${await quantizerCrc()}`));
  const folder = join(buildFolder, `${work.name}-${hex32(key)}`);
  const graph = await cachedGraph(join(folder, 'graph.safetensors'), work, bits, log);
  const facts = await cachedFacts(join(folder, 'facts.json'), work, graph, log);
  const put = async (name: string, contents: string | Uint8Array) => {
    const path = join(folder, name);
    await writeFile(path, contents);
    return { path, bytes: (await stat(path)).size };
  };
  const modules: Prepared['modules'] = [];
  for (const tier of wanted) {
    log(`building '${work.name}' for ${tier}`);
    const start = performance.now();
    const { files, ramBytes } = await emitPlanned(planModel(graph, { tier, threads }));
    const buildSeconds = (performance.now() - start) / 1000;
    const { contents } = files.find(({ path }) => path.endsWith('.wasm'))!;
    const name = threads > 1 ? `${tier}-${threads}threads.wasm` : `${tier}.wasm`;
    modules.push({ tier, file: await put(name, contents), arenaBytes: ramBytes, buildSeconds });
  }
  const { scale } = graph.tensors['input']!;
  return {
    logits: facts.logits,
    integers: facts.integers.map((values) => Int32Array.from(values)),
    pixels: work.inputs.map((image) => toPixels(graph, image)),
    ...densityOf(graph, new Map(facts.activity)),
    modules,
    files: {
      int8: await put('int8.onnx', quantizedModel(work.net, scale, new Map(facts.largest))),
      float: await put('float.onnx', floatModel(work.net)),
      net: await put('net.safetensors', writeNet(work.net)),
    },
  };
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** CRC-32 of the quantizer's own files: a Graph that another quantizer made is not used again. */
async function quantizerCrc(): Promise<number> {
  const folder = fileURLToPath(new URL('../../../dist/quantize/', import.meta.url));
  const names = (await readdir(folder)).filter((name) => name.endsWith('.js')).sort();
  return crc32(Buffer.concat(await Promise.all(names.map((name) => readFile(join(folder, name))))));
}

async function cachedGraph(
  path: string,
  work: Workload,
  bits: Bits,
  log: (line: string) => void,
): Promise<Graph> {
  const cached = await readFile(path).catch(() => undefined);
  if (cached) return readGraph(cached, path);
  log(
    `quantizing '${work.name}' to ${bits} bits on ${work.calibration.length} images (kept for the next time)`,
  );
  const graph = quantize(work.net, work.calibration, { bits });
  await writeFile(path, writeGraph(graph));
  return graph;
}

async function cachedFacts(
  path: string,
  work: Workload,
  graph: Graph,
  log: (line: string) => void,
): Promise<Facts> {
  const cached = await readFile(path, 'utf8').catch(() => undefined);
  if (cached) return JSON.parse(cached) as Facts;
  log(`running '${work.name}' in float64 and in the reference interpreter (kept for the next time)`);
  const run = netRunner(work.net);
  const largest = new Map<string, number>();
  for (const image of work.calibration)
    run(image, ({ name }, { data, unit }) => {
      let most = largest.get(name) ?? 0;
      for (const value of data) most = Math.max(most, Math.abs(value * unit));
      largest.set(name, most);
    });
  const sums = new Map<string, Activity>();
  const integers = work.inputs.map((image) =>
    Array.from(
      interpret(graph, toPixels(graph, image), (name, values) => {
        const sum = sums.get(name) ?? { rate: 0, density: 0 };
        sums.set(name, sum);
        const share = 1 / values.length / work.inputs.length;
        for (const value of values) {
          sum.rate += Math.abs(value) * share;
          if (value !== 0) sum.density += share;
        }
      }),
    ),
  );
  const logits = work.inputs.map((image) => Array.from(run(image)));
  const facts: Facts = { logits, integers, largest: [...largest], activity: [...sums] };
  await writeFile(path, JSON.stringify(facts));
  return facts;
}

function densityOf(graph: Graph, activity: Map<string, Activity>): { macs: number; density: number } {
  const tensors = Object.fromEntries(
    Object.entries(graph.tensors).map(([name, tensor]) => [
      name,
      { ...tensor, activity: activity.get(name)! },
    ]),
  );
  let [macs, done] = [0, 0];
  for (const node of graph.nodes) {
    const operations = operationsOf(node, { ...graph, tensors })!;
    macs += operations.dense;
    done += operations.effectiveMacs + operations.events;
  }
  return { macs, density: done / macs };
}
