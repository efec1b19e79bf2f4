import { fileURLToPath } from 'node:url';
import { emitVerilog } from '../../fpga/emit/index.js';
import { printModel } from '../../host/toolchain/model.js';
import { signaturesOf } from '../../host/wasm/assemblyscript.js';
import type { Graph, OutputFile } from '../../models/index.js';
import { emitSource } from '../../wasm/emit.js';
import { layersOf } from '../../wasm/layers.js';
import { planModel } from '../../wasm/plan-model.js';
import { GraphBuilder, seeded } from '../support/random-graph.js';

/** Where the golden files are, in the sources. */
export const goldenFolder = fileURLToPath(new URL('../../../test/golden/', import.meta.url));

/** 6x6 grey pixels, two convolutions that fire, three classes. */
function goldenGraph(): Graph {
  const builder = new GraphBuilder(seeded(7), [6, 6, 1]);
  const conv = { kernel: [3, 3], stride: [1, 1], padding: [1, 1], groups: 1 } as const satisfies object;
  const geometry = (more: object) =>
    ({ ...conv, ...more }) as unknown as Parameters<typeof builder.accumulate>[2];
  const stem = builder.accumulate('stem', 'input', geometry({ out: 4 }), { kind: 'fire', levels: 4 });
  const stage = builder.accumulate('stage', stem, geometry({ out: 4, stride: [2, 2] }), {
    kind: 'fire',
    levels: 3,
  });
  builder.accumulate('head', stage, geometry({ out: 3, padding: [0, 0] }), { kind: 'readout' });
  return builder.graph;
}

/** What each backend prints of it today: the files that a reviewer should see change. */
export async function prints(): Promise<OutputFile[]> {
  const graph = goldenGraph();
  const { source } = emitSource(graph, layersOf(graph, 'simd'), signaturesOf('simd'));
  const chosen = (files: OutputFile[], names: string[]) => files.filter(({ path }) => names.includes(path));
  return [
    { path: 'model.ts.golden', contents: source },
    ...chosen(await printModel(planModel(graph, { tier: 'swar' })), ['spikelet.h', 'model.c']),
    ...chosen(emitVerilog(graph, { lanes: 2 }), ['spikelet_core.v', 'spikelet_program.v']),
  ].map(({ path, contents }) => ({ path: path.replace(/(\.golden)?$/, '.golden'), contents }));
}
