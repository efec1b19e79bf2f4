import { importFile } from '../../host/import/index.js';
import { type Comparison, compare } from '../../host/report/compare.js';
import { percent } from '../../host/report/text.js';
import { imageOf } from '../../host/run/trace-net.js';
import { verifyWasm } from '../../host/run/verify.js';
import { emitBuild } from '../../host/wasm/build.js';
import { loadWasm } from '../../host/wasm/load.js';
import { argmax, type Graph, type Net, netRunner, toPixels, writeGraph } from '../../models/index.js';
import { quantize } from '../../quantize/index.js';
import { read } from '../support/reference.js';
import { shared } from '../support/shared.js';
import { verdict } from './cli.js';

/**
 * `npm run bench -- espikeformer`: the reference's E-SpikeFormers with random weights, nano at 64x64 and m
 * (10M) at 224x224, as integer graphs: time, memory, bytes, equality of WebAssembly, and what the integers
 * change. About 15 minutes of CPU.
 *
 * Random weights are chaotic: a spike on the other side of a threshold moves others, until the maps are as
 * unlike as those of two images. So there are three figures besides the SQNR of the logits: the SQNR that the
 * float net itself keeps when only its image is rounded to 8 bits (no int8 graph can do better), that of the
 * mean logits given for every image, and how far each layer alone, on the float net's own spikes, gives the
 * float net's spikes.
 */
const MEBI = 2 ** 20;

type Case = { name: 'nano' | 'm'; side: number; images: number[]; calibrate: number[]; verify: number[] };
const cases: Case[] = [
  {
    name: 'nano',
    side: 64,
    images: [0, 1, 2, 3, 4],
    calibrate: [0, 1, 2, 3, 4],
    verify: [0, 1, 2, 3, 4],
  },
  { name: 'm', side: 224, images: [1, 2, 3], calibrate: [0, 1, 2, 3, 4, 1, 2, 3], verify: [1] },
];

const cpu = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const decibels = (wanted: ArrayLike<number>[], found: ArrayLike<number>[]): string => {
  let [signal, noise] = [0, 0];
  for (const [i, logits] of wanted.entries())
    for (let c = 0; c < logits.length; c++) {
      signal += logits[c]! ** 2;
      noise += (logits[c]! - found[i]![c]!) ** 2;
    }
  return `${(10 * Math.log10(signal / noise)).toFixed(2)} dB`;
};

/** What an SQNR of these images can be compared with. */
function yardsticks(net: Net, graph: Graph, images: Float32Array[]): void {
  const run = netRunner(net);
  const logits = images.map((image) => run(image));
  const { scale } = graph.tensors['input']!;
  const rounded = images.map((image) => run(Float32Array.from(toPixels(graph, image), (p) => p * scale)));
  const mean = logits[0]!.map((_, c) => logits.reduce((sum, image) => sum + image[c]!, 0) / logits.length);
  const same = logits.filter((image, i) => argmax(image) === argmax(rounded[i]!)).length;
  console.log(
    `  float net on the images rounded to 8 bits: ${decibels(logits, rounded)}, same class ${same} of ${images.length}; ` +
      `mean logits for every image: ${decibels(
        logits,
        images.map(() => mean),
      )}`,
  );
}

const average = (values: number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

function summary({ layers, agreement, samples, sqnr }: Comparison): string {
  const alone = layers.map((layer) => layer.alone!);
  const worst = layers[alone.indexOf(Math.min(...alone))]!;
  return (
    `SQNR ${sqnr.toFixed(2)} dB, same class ${Math.round(agreement * samples)} of ${samples}; spike maps equal: ` +
    `first ${percent(layers[0]!.equal, 2)}, mean ${percent(average(layers.map(({ equal }) => equal)))}, ` +
    `mean |difference| ${average(layers.map(({ difference }) => difference)).toFixed(3)}; ` +
    `each layer alone: mean ${percent(average(alone), 2)}, worst ${worst.layer} ${percent(worst.alone!, 2)}; ` +
    `density ${percent(average(layers.map(({ float }) => float.density)))} -> ${percent(average(layers.map(({ graph }) => graph.density)))}`
  );
}

for (const { name, side, images, calibrate, verify } of cases) {
  const folder = shared(`vectors/espikeformer-${name}`);
  if (!folder) {
    console.log(`skipped: ../shared/vectors/espikeformer-${name} is absent`);
    continue;
  }
  const { net } = await importFile(`${folder}/model.safetensors`, { inputShape: [side, side, 3] });
  const input = read(`${folder}/io.safetensors`).get('input')!;
  const image = (n: number) => imageOf(input, n);
  for (const bits of [8, 6, 4] as const) {
    const [wall, before] = [performance.now(), cpu()];
    const graph = quantize(net, calibrate.map(image), { bits });
    const seconds = cpu() - before;
    const peak = process.resourceUsage().maxRSS / 1024;
    const wallSeconds = (performance.now() - wall) / 1000;
    console.log(
      `${name}, ${bits} bits: file of ${writeGraph(graph).length} B; quantized on ${calibrate.length} images in ` +
        `${seconds.toFixed(1)} s of CPU (${wallSeconds.toFixed(0)} s), peak memory ${peak.toFixed(0)} MiB`,
    );
    if (bits === 8) yardsticks(net, graph, images.map(image));
    const compared = compare(net, graph, images.map(image), { alone: true });
    console.log(`  ${summary(compared)}`);
    if (name === 'm') {
      verdict(`m at ${bits} bits, quantize`, `${seconds.toFixed(0)} s of CPU`, '<= 180', seconds <= 180);
      verdict('peak memory of the process so far', `${peak.toFixed(0)} MiB`, '<= 4096', peak <= 4096);
    }
    if (bits !== 8) continue;
    if (name === 'nano')
      verdict(
        'nano at 8 bits, SQNR of the logits',
        `${compared.sqnr.toFixed(2)} dB`,
        '>= 20',
        compared.sqnr >= 20,
      );
    const building = cpu();
    const build = await emitBuild(graph);
    console.log(
      `  built in ${(cpu() - building).toFixed(1)} s of CPU: ${(build.bytes.module / MEBI).toFixed(2)} MiB of module, ` +
        `${(build.arenaBytes / MEBI).toFixed(2)} MiB of arena`,
    );
    const model = loadWasm(new Uint8Array(build.files[0]!.contents as Uint8Array));
    const { equal, samples, firstDifference } = verifyWasm(
      graph,
      model,
      verify.map((n) => toPixels(graph, image(n))),
    );
    verdict(
      `${name} at 8 bits, WebAssembly equal at every tensor`,
      `${equal} of ${samples} images${firstDifference ? `, ${firstDifference.tensor} differs` : ''}`,
      'all',
      equal === samples,
    );
  }
}
