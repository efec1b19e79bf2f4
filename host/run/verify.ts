import {
  argmax,
  crc32,
  crcOf,
  type Graph,
  hex32,
  interpret,
  SpikeletError,
  tensorNames,
} from '../../models/index.js';
import type { Values } from '../../models/ops/op.js';
import type { SimulateOptions, Simulator } from '../eda/verilator.js';
import type { GuardedModel } from '../wasm/guard.js';
import type { WasmModel } from '../wasm/load.js';

export type Verification<Backend extends string = 'wasm'> = {
  samples: number;
  /** Samples with every tensor equal. */
  equal: number;
  firstDifference: Difference | null;
  /** Fraction of samples whose largest logit is their label's; null without labels. */
  accuracy: Record<'graph' | Backend, number> | null;
};

/**
 * The first tensor, in execution order, that differs in the first differing sample; CRC-32 in hex, or `12
 * spikes`.
 */
export type Difference = { sample: number; tensor: string; expected: string; actual: string };

export type VerifyOptions = {
  labels?: ArrayLike<number> | undefined;
  onProgress?: ((done: number) => void) | undefined;
};

/**
 * Runs a compiled model and the reference interpreter, and compares the CRC-32 of every tensor, including the
 * input. `images` are i8 pixels. Throws a SpikeletError if the module was built from another graph.
 */
export function verifyWasm(
  graph: Graph,
  model: WasmModel,
  images: Iterable<Int8Array>,
  { labels, onProgress }: VerifyOptions = {},
): Verification {
  requireSameTensors(graph, model);
  const check = comparison(graph, 'wasm', { labels, onProgress });
  for (const pixels of images) {
    const crcs = new Map<string, number>();
    const logits = model.infer(pixels, (tensor, bytes) => crcs.set(tensor, crc32(bytes, crcs.get(tensor))));
    check.add(pixels, { logits, crcs });
  }
  return check.result();
}

/** The same for a module in a separate thread, which may be stopped. */
export async function verifyGuarded(
  graph: Graph,
  model: GuardedModel,
  images: Iterable<Int8Array>,
  options: VerifyOptions = {},
): Promise<Verification> {
  requireSameTensors(graph, model);
  const check = comparison(graph, 'wasm', options);
  for (const pixels of images) check.add(pixels, await model.infer(pixels, true));
  return check.result();
}

/** The same for a simulated core. */
export async function verifyVerilog(
  graph: Graph,
  simulate: Simulator,
  images: Iterable<Int8Array>,
  { labels, onProgress, ...simulation }: VerifyOptions & SimulateOptions = {},
): Promise<Verification<'verilog'> & SimulationStats> {
  const check = comparison(graph, 'verilog', { labels, onProgress });
  const names = tensorNames(graph);
  const layers = names.map((tensor) => ({ tensor, cycles: 0, spikes: 0 }));
  const queue: Int8Array[] = [];
  const totals = { cycles: 0, interval: 0, stalls: 0 };
  const fifos: number[] = [];
  const noted = (function* () {
    for (const pixels of images) {
      queue.push(pixels);
      yield pixels;
    }
  })();
  for await (const frame of simulate(noted, simulation)) {
    const crcs = new Map(names.map((name, i) => [name, frame.tensors[i]!.crc]));
    check.add(queue.shift()!, { logits: frame.logits, crcs });
    totals.cycles += frame.cycles;
    totals.interval += frame.interval;
    totals.stalls += frame.stalls;
    frame.fifos.forEach((stalls, i) => {
      fifos[i] = (fifos[i] ?? 0) + stalls;
    });
    frame.tensors.forEach(({ first, last, spikes }, i) => {
      layers[i]!.cycles += last - Math.min(first - 1, frame.tensors[i - 1]?.last ?? 0);
      layers[i]!.spikes += spikes;
    });
  }
  const result = check.result();
  const mean = (total: number) => total / Math.max(1, result.samples);
  return {
    ...result,
    cycles: mean(totals.cycles),
    interval: mean(totals.interval),
    stalls: mean(totals.stalls),
    fifos,
    layers: layers.map(({ tensor, cycles, spikes }) => ({
      tensor,
      cycles: mean(cycles),
      spikes: mean(spikes),
    })),
  };
}

/**
 * Means per sample, in clocks; for FIFOs, total stalls in the order of the top module (fpga/emit/index.ts).
 */
export type SimulationStats = {
  cycles: number;
  /** From the last logit of one frame to that of the next. */
  interval: number;
  stalls: number;
  layers: LayerStats[];
  fifos: number[];
};

/**
 * Means per sample: clocks from the last value of the previous tensor, or from its own first value if that is
 * earlier, to its last; and spikes fired.
 */
export type LayerStats = { tensor: string; cycles: number; spikes: number };

/** What a backend computed for one image; for each tensor its CRC-32, or what `digest` returns instead. */
type Run = { logits: ArrayLike<number>; crcs: Map<string, number | string> };

type ComparisonOptions = Pick<VerifyOptions, 'labels' | 'onProgress'> & {
  /** What to compare of a tensor, for backends without CRC-32; undefined: nothing. */
  digest?: (tensor: string, values: Values) => number | string | undefined;
};

/** Compares each run with the interpreter. */
export function comparison<Backend extends string>(
  graph: Graph,
  backend: Backend,
  { labels, onProgress, digest = (_, values) => crcOf(values) }: ComparisonOptions,
) {
  const result: Verification<Backend> = { samples: 0, equal: 0, firstDifference: null, accuracy: null };
  const correct = { graph: 0, backend: 0 };
  return {
    add(pixels: Int8Array, { logits: found, crcs: actual }: Run) {
      const sample = result.samples++;
      const expected = new Map<string, number | string>();
      const logits = interpret(graph, pixels, (tensor, values) => {
        const digested = digest(tensor, values);
        if (digested !== undefined) expected.set(tensor, digested);
      });
      const different = [...expected].find(([tensor, crc]) => actual.get(tensor) !== crc);
      if (different) {
        const [tensor, crc] = different;
        result.firstDifference ??= {
          sample,
          tensor,
          expected: shown(crc),
          actual: shown(actual.get(tensor) ?? 0),
        };
      } else result.equal++;
      if (labels) {
        if (argmax(logits) === labels[sample]) correct.graph++;
        if (argmax(found) === labels[sample]) correct.backend++;
      }
      onProgress?.(result.samples);
    },
    result(): Verification<Backend> {
      if (labels && result.samples)
        result.accuracy = {
          graph: correct.graph / result.samples,
          [backend]: correct.backend / result.samples,
        } as Record<'graph' | Backend, number>;
      return result;
    },
  };
}

const shown = (digest: number | string): string => (typeof digest === 'number' ? hex32(digest) : digest);

/** Throws a SpikeletError if the module was built from another graph. */
export function requireSameTensors(graph: Graph, { description }: Pick<WasmModel, 'description'>): void {
  const wanted = tensorNames(graph).map((name) => {
    const { type, shape } = graph.tensors[name]!;
    return `${name} ${type} [${shape}]`;
  });
  const found = description.tensors.map(
    ([name, , type, shape]) => `${name} ${type === 'u4' ? 'u8' : type} [${shape}]`,
  );
  const at = wanted.findIndex((tensor, i) => tensor !== found[i]);
  if (at >= 0 || found.length !== wanted.length)
    throw new SpikeletError(
      `model '${description.name}' was not built from graph '${graph.name}': it has ${found[at] ?? `${found.length} tensors`} where the graph has ${wanted[at] ?? wanted.length}`,
      { hint: "build the graph again with 'spikelet build'" },
    );
}
