import { printModel } from '../../host/toolchain/model.js';
import { planModel } from '../../wasm/plan-model.js';
import { compareHere, compileHere } from '../support/firmware-host.js';
import { removeFolders } from '../support/firmware-project.js';
import { gcc32 } from '../support/needs.js';
import { allThere } from '../support/skip.js';
import { verdict } from './cli.js';
import { fashionGraph } from './nets.js';

/**
 * `npm run bench -- firmware-asan [GRAPH]`: printed C of a trained net on this machine under the address and
 * the undefined behaviour sanitizer, as it is and with every access bounded: 1,000 Fashion-MNIST images,
 * every layer equal to the interpreter's. In whole frames, and in the smallest plan.
 */
const IMAGES = 1000;
if (await allThere('printed C', [gcc32])) {
  const { graph, images } = await fashionGraph(IMAGES);
  for (const [name, options] of [
    ['fastest plan', {}],
    ['smallest plan', { time: 1000 }],
  ] as const) {
    const planned = planModel(graph, { ...options, tier: 'swar' });
    const files = await printModel(planned);
    for (const [how, defines] of [
      ['as it is', []],
      ['checked', ['SPIKELET_CHECKED']],
    ] as const) {
      const program = await compileHere(files, [...defines]);
      const found = compareHere(program, graph, images);
      const what = `${graph.name}, ${name} of ${planned.ramBytes} B, ${how}, under sanitizers`;
      verdict(what, found, `${IMAGES} equal`, found === `${IMAGES} equal`);
    }
  }
}
await removeFolders();
