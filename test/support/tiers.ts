import { setFlagsFromString } from 'node:v8';
import { compileAssemblyScript, tierFlags } from '../../host/wasm/assemblyscript.js';
import type { Graph } from '../../models/index.js';
import { tiers as all } from '../../wasm/tiers.js';
import type { Random } from './random-graph.js';
import type { Need } from './skip.js';

// Node 20 has relaxed SIMD, but behind a flag; newer ones know no such flag and need none.
if (process.versions.node.startsWith('20.')) setFlagsFromString('--experimental-wasm-relaxed-simd');

/** The known-answer test of relaxed SIMD, as a build puts it into the loader. */
export const known = (await compileAssemblyScript('assembly/known-relaxed.ts', [
  ...tierFlags.relaxed,
])) as Uint8Array<ArrayBuffer>;

const there = WebAssembly.validate(known);
export const relaxedSimd: Need = {
  name: 'relaxed SIMD',
  install: 'Node 20 and newer have it, on x86 and ARM',
  find: () => there,
};

/** The tiers that this engine can run. */
export const tiers = all.filter((tier) => tier !== 'relaxed' || there);

/** All tiers but one, another in each round: tests that compile much take them in turn. */
export const tiersOf = (round: number) => tiers.filter((_, i) => i !== round % 3);

/** Gives spikes densities as if they had been seen; the relaxed tier chooses its kernels by them. */
export function setActivity(graph: Graph, random: Random): void {
  for (const tensor of Object.values(graph.tensors))
    if (tensor.kind === 'spikes') {
      const density = random();
      tensor.activity = { density, rate: density * (1 + random()) };
    }
}
