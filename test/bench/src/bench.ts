import { argmax, hex32, SpikeletError } from '../../../dist/models/index.js';
import type { Tier } from '../../../dist/wasm/tiers.js';
import { type Contestant, startContestant } from './contestant.js';
import type { Task } from './engines/engine.js';
import { type Measured, measure } from './measure.js';
import { type NewerNode, newerNodes } from './nodes.js';
import { type Bits, type ModelFile, type Prepared, prepare } from './prepare.js';
import { workload } from './workload.js';

type Precision = 'int8' | 'float32';

/** Who is measured, and on which file. */
type Entry = {
  engine: string;
  precision: Precision;
  /** Of our own kernels. */
  tier?: Tier;
  file: ModelFile;
  /** Another Node than the one that runs the bench. */
  node?: NewerNode;
};

/** The tier that the peers are compared with: what `spikelet build` makes. */
const OWN: Tier = 'simd';

/**
 * Ours first, beginning with the one that the peers are compared with. Relaxed SIMD is there from Node 22 on,
 * so that tier runs on newer Nodes, with the peer that runs in WebAssembly too.
 */
function entriesOf({ modules, files }: Prepared): Entry[] {
  const own = modules.flatMap(({ tier, file }): Entry[] => {
    const entry: Entry = { engine: 'spikelet', precision: 'int8', tier, file };
    return tier === 'relaxed' ? newerNodes.map((node) => ({ ...entry, node })) : [entry];
  });
  return [
    ...own.sort((a, b) => Number(b.tier === OWN) - Number(a.tier === OWN)),
    ...newerNodes.map(
      (node): Entry => ({ engine: 'onnxruntime-web', precision: 'int8', file: files.int8, node }),
    ),
    { engine: 'onnxruntime-web', precision: 'int8', file: files.int8 },
    { engine: 'onnxruntime-web', precision: 'float32', file: files.float },
    { engine: 'onnxruntime-node', precision: 'int8', file: files.int8 },
    { engine: 'onnxruntime-node', precision: 'float32', file: files.float },
    { engine: 'tfjs-backend-wasm', precision: 'float32', file: files.net },
  ];
}

/** How near logits are to the network's in float64, over all images. */
export type Agreement = {
  /** Images of the same class. */
  sameClass: number;
  /** Pearson's correlation of the logits. */
  correlation: number;
};

export type Row = {
  engine: string;
  precision: Precision;
  /** Version of the Node that it ran on. */
  node: string;
  threads: number;
  /** Median, least and most milliseconds of an image. */
  ms: number;
  fastest: number;
  slowest: number;
  rounds: number;
  /** Bytes of the model's file, and of the engine that runs it. */
  modelBytes: number;
  runtimeBytes: number;
  /** From the file to the first image that can be run. */
  loadMs: number;
  /** CRC-32 of the bytes of all logits. */
  crc: string;
  agreement: Agreement;
  ops?: Record<string, number>;
};

/**
 * `ratio`: the median time / that of our own main row; above 1 we are faster. `fastestRatio` is the same of
 * the least times, which say more where other programs keep the machine busy.
 */
export type Ratios = { ratio: number; fastestRatio: number };
export type Compared = Row & Ratios;

/** `exact`: its integers are the reference interpreter's. */
export type Own = Row & { tier: Tier; exact: boolean; arenaBytes: number; buildSeconds: number };

export type Result = {
  model: string;
  bits: Bits;
  threads: number;
  images: number;
  macs: number;
  /** Share of the MACs whose input is not zero. */
  density: number;
  spikelet: Own;
  /** Our other tiers. */
  tiers: (Own & Ratios)[];
  peers: Compared[];
  /** Peers that did not start, and why. */
  absent: { engine: string; precision: Precision; why: string }[];
};

export type BenchOptions = {
  data: string | undefined;
  bits: Bits;
  threads: number;
  log: (line: string) => void;
};

/**
 * Measures one network on all engines. Throws where ours fails; a peer that does not start is listed as
 * absent.
 */
export async function bench(model: string, { data, bits, threads, log }: BenchOptions): Promise<Result> {
  const work = await workload(model, data);
  const prepared = await prepare(work, bits, log, undefined, threads);
  const absent: Result['absent'] = [];
  const contestants = new Map<Contestant, Entry>();
  try {
    for (const entry of entriesOf(prepared)) {
      const { engine, precision, file, node } = entry;
      const images = precision === 'int8' ? prepared.pixels : work.inputs;
      const task: Task = { engine, model: file.path, threads, shape: work.net.input.shape, images };
      try {
        contestants.set(await startContestant(task, node?.path), entry);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        if (engine === 'spikelet') throw new SpikeletError(`our module of '${model}' does not run: ${why}`);
        absent.push({ engine, precision, why });
      }
    }
    const measured = [...(await measure([...contestants.keys()], work.inputs.length, log))];
    const rows = measured.map(([contestant, times]) =>
      rowOf(contestant, contestants.get(contestant)!, times, prepared),
    );
    const { modules, integers, macs, density } = prepared;
    const running = [...contestants.values()].filter(({ tier }) => tier);
    const own = running.map((_, i): Own => {
      const { tier } = contestants.get(measured[i]![0])!;
      const { arenaBytes, buildSeconds } = modules.find((module) => module.tier === tier)!;
      const exact = measured[i]![1].logits.every((logits, n) => String(logits) === String(integers[n]!));
      return { ...rows[i]!, tier: tier!, exact, arenaBytes, buildSeconds };
    });
    const [spikelet, ...tiers] = own as [Own, ...Own[]];
    const compared = <T extends Row>(row: T) => ({
      ...row,
      ratio: row.ms / spikelet.ms,
      fastestRatio: row.fastest / spikelet.fastest,
    });
    return {
      ...{ model: work.name, bits, threads, images: work.inputs.length, macs, density, spikelet },
      tiers: tiers.map(compared),
      peers: rows.slice(own.length).map(compared),
      absent,
    };
  } finally {
    for (const contestant of contestants.keys()) contestant.stop();
  }
}

function rowOf(
  { loaded }: Contestant,
  { engine, precision, file, node }: Entry,
  { ms, fastest, slowest, rounds, logits, crc }: Measured,
  { logits: reference }: Prepared,
): Row {
  return {
    engine,
    precision,
    node: node?.version ?? process.versions.node,
    threads: loaded.threads,
    ms,
    fastest,
    slowest,
    rounds,
    modelBytes: file.bytes,
    runtimeBytes: loaded.runtimeBytes,
    loadMs: loaded.ms,
    crc: hex32(crc),
    agreement: agreementOf(logits, reference),
    ...(loaded.ops ? { ops: loaded.ops } : {}),
  };
}

function agreementOf(logits: ArrayLike<number>[], reference: ArrayLike<number>[]): Agreement {
  const sameClass = logits.filter((values, i) => argmax(values) === argmax(reference[i]!)).length;
  const [x, y] = [logits, reference].map((all) => all.flatMap((values) => Array.from(values))) as [
    number[],
    number[],
  ];
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  const product = (a: number[], ma: number, b: number[], mb: number) =>
    a.reduce((sum, value, i) => sum + (value - ma) * (b[i]! - mb), 0);
  const correlation = product(x, mx, y, my) / Math.sqrt(product(x, mx, x, mx) * product(y, my, y, my));
  return { sameClass, correlation };
}
