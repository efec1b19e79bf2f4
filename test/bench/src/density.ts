import { percent } from '../../../dist/host/report/text.js';
import { type Contestant, startContestant } from './contestant.js';
import { measure } from './measure.js';
import { newerNodes } from './nodes.js';
import { prepare } from './prepare.js';
import { syntheticNet } from './synthetic.js';

/** Wanted densities, and the quantiles of the normal distribution that give them. */
const points: [density: number, z: number][] = [
  [0.05, -1.645],
  [0.1, -1.282],
  [0.25, -0.674],
  [0.5, 0],
  [0.75, 0.674],
  [1, 6],
];

/** A dense engine's time hardly depends on the density: it is measured at this one. */
const PEERS_AT = 0.25;

export type DensityCurve = {
  /** Multiply-accumulates of an image if nothing were skipped. */
  macs: number;
  /** `density`: share of the MACs whose input is not zero, as measured. */
  points: { tier: string; density: number; ms: number; gmacs: number }[];
  peers: { engine: string; precision: string; ms: number; gmacs: number }[];
};

/**
 * Time of our modules against the density of the spikes, on one thread, the relaxed one on the newest Node;
 * all nets are measured in turn.
 */
export async function densityCurve(log: (line: string) => void): Promise<DensityCurve> {
  const running: {
    contestant: Contestant;
    tier?: string;
    density?: number;
    engine: string;
    precision: string;
  }[] = [];
  let [macs, images] = [0, 0];
  try {
    for (const [wanted, z] of points) {
      const work = syntheticNet(`density-${100 * wanted}`, z);
      const { shape } = work.net.input;
      const newest = newerNodes.at(-1);
      const prepared = await prepare(work, 8, log, newest ? ['simd', 'relaxed'] : ['simd']);
      [macs, images] = [prepared.macs, work.inputs.length];
      const start = (engine: string, model: string, images: (Float32Array | Int8Array)[], node?: string) =>
        startContestant({ engine, model, threads: 1, shape, images }, node);
      const { density, pixels, files, modules } = prepared;
      for (const { tier, file } of modules) {
        const node = tier === 'relaxed' ? newest?.path : undefined;
        const own = await start('spikelet', file.path, pixels, node);
        running.push({ contestant: own, tier, density, engine: 'spikelet', precision: 'int8' });
      }
      if (wanted !== PEERS_AT) continue;
      for (const engine of ['onnxruntime-web', 'onnxruntime-node'])
        for (const precision of ['int8', 'float32'] as const) {
          const file = precision === 'int8' ? files.int8 : files.float;
          const contestant = await start(
            engine,
            file.path,
            precision === 'int8' ? pixels : work.inputs,
          ).catch((error: Error) => log(`not measured: ${engine} ${precision}: ${error.message}`));
          if (contestant) running.push({ contestant, engine, precision });
        }
    }
    const times = await measure(
      running.map(({ contestant }) => contestant),
      images,
      log,
    );
    const rows = running.map(({ contestant, tier, density, engine, precision }) => {
      const { ms } = times.get(contestant)!;
      return { engine, precision, tier, density, ms, gmacs: macs / ms / 1e6 };
    });
    return {
      macs,
      points: rows.flatMap(({ tier, density, ms, gmacs }) =>
        tier === undefined || density === undefined ? [] : [{ tier, density, ms, gmacs }],
      ),
      peers: rows.flatMap(({ tier, density, ...row }) => (density === undefined ? [row] : [])),
    };
  } finally {
    for (const { contestant } of running) contestant.stop();
  }
}

/** The curve as markdown. */
export function curveMarkdown({ macs, points, peers }: DensityCurve): string {
  const row = (name: string, ms: number, gmacs: number) =>
    `| ${name} | ${ms.toPrecision(3)} | ${gmacs.toFixed(1)} |`;
  return [
    '### Time against density, 1 thread',
    '',
    `A net of 1x1, depthwise and 3x3 layers with random weights whose neurons are set to a density; ${(macs / 1e6).toFixed(0)} M MACs. ` +
      'GMAC/s as if nothing were skipped.',
    '',
    '| engine | ms | GMAC/s |',
    '| --- | --- | --- |',
    ...points.map(({ tier, density, ms, gmacs }) =>
      row(`spikelet ${tier}, density ${percent(density)}`, ms, gmacs),
    ),
    ...peers.map(({ engine, precision, ms, gmacs }) => row(`${engine} ${precision}`, ms, gmacs)),
    '',
  ].join('\n');
}
