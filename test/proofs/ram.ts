import { bytes } from '../../host/report/text.js';
import { verifyWasm } from '../../host/run/verify.js';
import { emitPlanned } from '../../host/wasm/build.js';
import { loadWasm, type WasmModel } from '../../host/wasm/load.js';
import { type Graph, SpikeletError } from '../../models/index.js';
import { type ModelOptions, type PlannedModel, planModel, type WeightPlace } from '../../wasm/plan-model.js';
import { leaveFigure } from '../docs/figure.js';
import { lastPlanned, lastWritten } from '../support/memory-used.js';
import { shared } from '../support/shared.js';
import { verdict } from './cli.js';
import { espikeformerM } from './espikeformer-m.js';

/**
 * `npm run bench -- ram`: E-SpikeFormer-m, 10M parameters at 224x224, in little memory: RAM and time of
 * plans, each module equal to the interpreter at every tensor, predicted RAM against used RAM. About five
 * minutes.
 */
const ROUNDS = 25;
const KIBI = 1024;

const folder = shared('vectors/espikeformer-m');
if (folder) await prove(folder);
else console.log('skipped: ../shared/vectors/espikeformer-m is absent');

async function prove(vectors: string): Promise<void> {
  const { graph, pixels } = await espikeformerM(vectors);
  const least = (weights: WeightPlace) => ({ weights, ram: leastRam(graph, weights) });
  const wanted: [string, ModelOptions][] = [
    ['fastest', {}],
    ['fastest, weights outside', { weights: 'outside' }],
    ['--weights outside --ram 512k', { weights: 'outside', ram: 512 * KIBI }],
    ['--weights outside --ram 384k', { weights: 'outside', ram: 384 * KIBI }],
    ['--weights outside, smallest', least('outside')],
    ['weights in flash, --ram 384k', { ram: 384 * KIBI }],
    ['weights in flash, smallest', least('inside')],
  ];
  const models: Built[] = [];
  for (const [name, options] of wanted) models.push(await built(name, graph, options, pixels));
  const times = alternate(models, pixels);
  const ratio = (i: number) => times[i]! / times[0]!;
  console.log('\nmedian of one image, in turn:');
  models.forEach(({ name, planned }, i) => {
    console.log(
      `  ${name}: ${planned.ramBytes} B, ${times[i]!.toFixed(1)} ms, ${ratio(i).toFixed(2)} x the fastest`,
    );
  });
  // As docs/figures/ram.json has them; outside the fastest is of no interest.
  const shown = [0, 2, 3, 4, 5, 6];
  leaveFigure({
    name: 'ram',
    command: 'npm run bench -- ram',
    columns: [
      { title: 'plan' },
      { title: 'RAM', kind: 'measured' },
      { title: 'time, of the fastest', kind: 'measured' },
    ],
    rows: shown.map((i) => {
      const { name, planned, pages } = models[i]!;
      const all = planned.weights === 'outside' ? `in all, ${pages} pages` : 'of tensors';
      return [name, `${planned.ramBytes.toLocaleString('en-US')} B ${all}`, Number(ratio(i).toFixed(2))];
    }),
  });
  console.log();
  const [, , fits, , smallest] = models.map(({ planned }) => planned.ramBytes);
  verdict('RAM at --ram 512k, all of linear memory', `${fits} B`, '<= 524288', fits! <= 512 * KIBI);
  verdict('its time', `${ratio(2).toFixed(2)} x the fastest`, '<= 1.3', ratio(2) <= 1.3);
  verdict('smallest RAM, all of linear memory', `${smallest} B`, '<= 393216', smallest! <= 384 * KIBI);
}

/** The least RAM there is, as the refusal of less tells it. */
function leastRam(graph: Graph, weights: WeightPlace): number {
  try {
    planModel(graph, { ram: 1, weights });
  } catch (error) {
    if (error instanceof SpikeletError) return Number(/takes (\d+) B/.exec(error.message)![1]);
    throw error;
  }
  throw new Error('one byte was enough');
}

type Built = { name: string; planned: PlannedModel; model: WasmModel; pages: number };

/** Plans, builds and checks one module. */
async function built(name: string, graph: Graph, options: ModelOptions, pixels: Int8Array): Promise<Built> {
  const start = performance.now();
  const planned = planModel(graph, options);
  const planSeconds = (performance.now() - start) / 1000;
  const { files, pages, bytes: sizes } = await emitPlanned(planned);
  const seconds = (performance.now() - start) / 1000;
  const contents = (end: string) => files.find(({ path }) => path.endsWith(end))?.contents as Uint8Array;
  const model = loadWasm(new Uint8Array(contents('.wasm')), contents('.bin'));
  const { choices, steps, arenaBytes } = planned.plan;
  console.log(
    `${name}: ${planned.ramBytes} B of RAM (${bytes(planned.ramBytes)}), arena ${arenaBytes} B, ${pages} pages, ${steps.length} steps, ` +
      `${choices.packed.size} maps in 4 bits, ${sizes.outside} B outside; planned in ${planSeconds.toFixed(1)} s, built in ${seconds.toFixed(1)} s`,
  );
  const { equal, firstDifference } = verifyWasm(graph, model, [pixels]);
  verdict('  equal at every tensor', firstDifference?.tensor ?? 'yes', 'yes', equal === 1);
  const [written, sure] = [lastWritten(model, pixels), lastPlanned(model, planned)];
  const end = model.description.arena[0] + arenaBytes;
  verdict(
    '  memory written up to address',
    String(written),
    `${sure} at least, ${end} at most`,
    written >= sure && written <= end,
  );
  return { name, planned, model, pages };
}

/** Median milliseconds of each model, run in turn. */
function alternate(models: Built[], pixels: Int8Array): number[] {
  const times: number[][] = models.map(() => []);
  for (let round = -2; round < ROUNDS; round++)
    models.forEach(({ model }, i) => {
      const start = performance.now();
      model.infer(pixels);
      if (round >= 0) times[i]!.push(performance.now() - start);
    });
  return times.map((values) => values.sort((a, b) => a - b)[values.length >> 1]!);
}
