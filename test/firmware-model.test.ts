import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { printModel } from '../host/firmware/model.js';
import { layersOf } from '../host/wasm/layers.js';
import { plainChoices, plan } from '../models/index.js';
import { canRunHere, compareHere, compileHere } from './firmware-host.js';
import { removeFolders } from './firmware-project.js';
import { randomChoices } from './random-choices.js';
import { randomGraph, seeded } from './random-graph.js';
import { randomPixels } from './wasm-models.js';

/** A random graph planned in bands with everything that firmware may choose. */
function randomPlanned(seed: number, chosen: boolean) {
  const random = seeded(seed);
  const graph = randomGraph(random, 8);
  const choices = chosen ? { ...randomChoices(graph, 'swar', random), fetches: new Map() } : plainChoices;
  const layout = plan(graph, { choices, ...(chosen ? { band: 2 } : {}) });
  const layers = layersOf(graph, 'swar', choices);
  const planned = {
    graph,
    tier: 'swar' as const,
    weights: 'inside' as const,
    layers,
    plan: layout,
    ramBytes: layout.arenaBytes,
  };
  const images = [0, 0.1, 0.5, 1].map((density) => randomPixels(graph, random, density));
  images.push(randomPixels(graph, random, 0).fill(127), randomPixels(graph, random, 0).fill(-127));
  return { planned, images };
}

if (await canRunHere()) {
  test('printed C of random graphs equals the interpreter at every layer, under sanitizers and bounds', async () => {
    const seeds = Number(process.env['SPIKELET_SEEDS'] ?? 5);
    for (let seed = 0; seed < seeds; seed++)
      for (const chosen of [false, true]) {
        const { planned, images } = randomPlanned(seed, chosen);
        const files = await printModel(planned);
        const program = await compileHere(files, chosen ? ['SPIKELET_CHECKED'] : []);
        assert.is(compareHere(program, planned.graph, images), '6 equal', `seed ${seed}, chosen ${chosen}`);
      }
  });
}

test.after(removeFolders);
test.run();
