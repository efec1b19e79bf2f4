import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { importFile } from '../../host/import/index.js';
import { imageOf } from '../../host/run/trace-net.js';
import { printModel } from '../../host/toolchain/model.js';
import { plainChoices, plan, toPixels } from '../../models/index.js';
import { quantize } from '../../quantize/index.js';
import { kernels, layersOf } from '../../wasm/layers.js';
import { planModel } from '../../wasm/plan-model.js';
import { compareHere, compileHere } from '../support/firmware-host.js';
import { removeFolders } from '../support/firmware-project.js';
import { gcc32, reference } from '../support/needs.js';
import { randomChoices } from '../support/random-choices.js';
import { everyKind, randomGraph, seeded } from '../support/random-graph.js';
import { read } from '../support/reference.js';
import { shared } from '../support/shared.js';
import { testWith } from '../support/skip.js';
import { randomPixels } from '../support/wasm-models.js';

/** A random graph planned in bands with everything that firmware may choose. */
function randomPlanned(seed: number, chosen: boolean) {
  const random = seeded(seed);
  const graph = randomGraph(random, 8, everyKind);
  const choices = chosen ? { ...randomChoices(graph, 'swar', random), fetches: new Map() } : plainChoices;
  const layout = plan(graph, kernels, { choices, ...(chosen ? { band: 2 } : {}) });
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

(await testWith([gcc32]))(
  'printed C of random graphs equals the interpreter at every layer, under sanitizers and bounds',
  async () => {
    const seeds = Number(process.env['SPIKELET_SEEDS'] ?? 3);
    for (let seed = 0; seed < seeds; seed++)
      for (const chosen of [false, true]) {
        const { planned, images } = randomPlanned(seed, chosen);
        const files = await printModel(planned);
        const program = await compileHere(files, chosen ? ['SPIKELET_CHECKED'] : []);
        assert.is(compareHere(program, planned.graph, images), '6 equal', `seed ${seed}, chosen ${chosen}`);
      }
  },
);

/** A net trained by PyTorch, at 8 bits, and the images that its reference was computed on. */
async function trained(folder: string) {
  const { net } = await importFile(`${folder}/model.safetensors`, { inputShape: [28, 28, 1] });
  const input = read(`${folder}/io.safetensors`).get('input')!;
  const images = [0, 1, 2, 3].map((n) => imageOf(input, n));
  const graph = quantize(net, images, { bits: 8 });
  return { graph, images: images.map((image) => toPixels(graph, image)) };
}

(await testWith([gcc32, reference('vectors/fashion-sfa')]))(
  'printed C of a trained net equals the interpreter at every layer, in whole frames and in bands of few bytes',
  async () => {
    const { graph, images } = await trained(shared('vectors/fashion-sfa')!);
    for (const options of [{}, { time: 1000 }]) {
      const files = await printModel(planModel(graph, { ...options, tier: 'swar' }));
      assert.is(compareHere(await compileHere(files, ['SPIKELET_CHECKED']), graph, images), '4 equal');
    }
  },
);

test.after(removeFolders);
test.run();
