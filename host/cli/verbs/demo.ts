import { join } from 'node:path';
import { rawImage } from '../../../models/dataset.js';
import { argmax, interpret, pixelTable, rawToPixels } from '../../../models/interpret.js';
import type { Values } from '../../../models/ops/op.js';
import { loadGraph } from '../../api/load.js';
import { loadDataset } from '../../data/index.js';
import { asciiFrame, asciiSpikes } from '../../report/ascii.js';
import { duration } from '../../report/text.js';
import { requireTraining } from '../../train/packages.js';
import type { Io } from '../io.js';
import { defaultsOf, forceOption, integer, verb } from '../verb.js';
import { build } from './build.js';
import { quantize } from './quantize.js';
import { train } from './train.js';
import { verify } from './verify.js';

type Options = { out: string; seed: number; force?: boolean };

const DATA = 'gestures';
/** Reaches 97 % in well under a minute. */
const TRAINING = { epochs: 16, batch: 64, learningRate: 0.008, shift: 1 };
const SAMPLES = 200;

export const demo = verb<Options>({
  summary:
    'from gestures to verified WebAssembly in minutes: every step, with the command that does it alone',
  options: [
    { flags: '--out <folder>', description: 'where everything goes', default: 'spikelet-demo' },
    { flags: '--seed <n>', description: 'of the training', parse: integer(0, 2 ** 31 - 1), default: 1 },
    forceOption,
  ],
  async run(_args, options, io) {
    // Fails before the first chapter instead of in the second.
    requireTraining();
    const started = performance.now();
    const { out, seed } = options;
    const force = options.force ? { force: true } : {};
    const [net, graph, folder] = [
      join(out, 'net.safetensors'),
      join(out, 'graph.safetensors'),
      join(out, 'build'),
    ];

    chapter(io, 1, 'An event camera watches a hand', []);
    const data = await loadDataset(DATA);
    io.print(`${data.train.count + data.test.count} simulated gestures: ${data.classes.join(', ')}.`);
    io.print('Every pixel counts brightness rising (.+*#) and falling (,-=%); this is one:');
    const raw = rawImage(data.test, data.shape, 0);
    const gesture = data.classes[data.test.labels[0]!]!;
    printIndented(asciiFrame(raw, data.shape), io);
    io.print(`gesture: ${io.bold(gesture)}`);

    chapter(io, 2, 'A small spiking network learns the gestures', [
      `spikelet train --model mini --data ${DATA} --epochs ${TRAINING.epochs} --batch ${TRAINING.batch} --learning-rate ${TRAINING.learningRate} --shift ${TRAINING.shift} --seed ${seed} --out ${net}`,
    ]);
    const training = {
      ...defaultsOf(train),
      model: 'mini',
      data: DATA,
      ...TRAINING,
      seed,
      out: net,
      ...force,
    };
    const trained = await step(train.run([], training as never, { ...io, emit: () => undefined }));

    chapter(io, 3, 'Weights become 8-bit integers, neurons a few comparisons', [
      `spikelet quantize ${net} --data ${DATA} --bits 8 --out ${graph}`,
    ]);
    const quantizing = {
      ...defaultsOf(quantize),
      data: DATA,
      bits: 8,
      out: graph,
      calibrate: 256,
      count: data.test.count,
      correction: 'statistics',
      ...force,
    };
    const quantized = await step(quantize.run([net], quantizing as never, io));

    chapter(io, 4, 'The integers become WebAssembly', [
      `spikelet build ${graph} --target wasm --out ${folder}`,
    ]);
    const built = await step(
      build.run([graph], { ...defaultsOf(build), target: 'wasm', out: folder, ...force } as never, io),
    );

    chapter(io, 5, 'Every tensor of the module equals the reference interpreter', [
      `spikelet verify ${graph} --against wasm --build ${folder} --data ${DATA} --count ${SAMPLES}`,
    ]);
    const verifying = { ...defaultsOf(verify), against: 'wasm', build: folder, data: DATA, count: SAMPLES };
    const verified = await verify.run([graph], verifying as never, io);

    chapter(io, 6, 'What the network saw', [`spikelet run ${graph} --data ${DATA} --sample 0`]);
    await showSpikes(graph, raw, gesture, io);
    const seconds = (performance.now() - started) / 1000;
    io.print(`${duration(seconds)} in all; everything is in ${out}/.`);
    const result = {
      seconds,
      out,
      train: trained,
      quantize: quantized,
      build: built,
      verify: verified.result,
    };
    return { result, ...(verified.code === undefined ? {} : { code: verified.code }) };
  },
});

const step = async (outcome: Promise<{ result?: unknown }>): Promise<unknown> => (await outcome).result;

function chapter(io: Io, number: number, title: string, commands: string[]): void {
  io.print();
  io.print(io.bold(`${number}. ${title}`));
  for (const command of commands) io.print(io.dim(`$ ${command}`));
}

function printIndented(picture: string, io: Io): void {
  for (const line of picture.split('\n')) io.print(`    ${line}`);
}

/** Runs the same gesture again and shows the spikes of the first layer and the resulting class. */
async function showSpikes(path: string, raw: Uint8Array, gesture: string, io: Io): Promise<void> {
  const graph = await loadGraph(path);
  const first = Object.entries(graph.tensors).find(([, { kind }]) => kind === 'spikes')![0];
  let spikes: Values | undefined;
  const logits = interpret(graph, rawToPixels(pixelTable(graph), raw), (name, values) => {
    if (name === first) spikes = values;
  });
  const { shape, levels } = graph.tensors[first]!;
  io.print(`Spike counts 0..${levels} of the first neurons ('${first}'), the first maps of ${shape[2]}:`);
  printIndented(asciiSpikes(spikes as Uint8Array, shape, 4), io);
  const { scale } = graph.tensors[graph.nodes.at(-1)!.output]!;
  io.table(
    [{ title: 'gesture' }, { title: 'logit', right: true }],
    graph.classes.map((name, i) => [name, (logits[i]! * scale).toFixed(2)]),
  );
  io.print(`It was ${gesture}, and the network says ${io.bold(graph.classes[argmax(logits)]!)}.`);
}
