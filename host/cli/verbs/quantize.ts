import { type Dataset, normalise, rawImage, type Split } from '../../../models/dataset.js';
import { writeGraph } from '../../../models/file.js';
import type { Graph } from '../../../models/graph.js';
import { argmax, interpret, pixelTable, rawToPixels } from '../../../models/interpret.js';
import type { Net } from '../../../models/net.js';
import type { WeightBits } from '../../../models/ops/accumulate.js';
import { netRunner } from '../../../models/run.js';
import { type Correction, type Rounding, quantize as toGraph } from '../../../quantize/index.js';
import { loadDataset, sources } from '../../data/index.js';
import { writeFile } from '../../files.js';
import { bytes, percent } from '../../report/text.js';
import type { Io } from '../io.js';
import { loadNet } from '../load.js';
import { integer, oneOf, required, usageError, verb } from '../verb.js';

type Options = {
  data?: string;
  bits: WeightBits;
  out: string;
  calibrate: number;
  count: number;
  correction: Correction;
  rounding?: Rounding;
};

export const quantize = verb<Options>({
  summary: 'turn a Net into an integer Graph',
  arguments: [['<net>', 'a Net, as train and import write it']],
  options: [
    {
      flags: '--data <spec>',
      description: Object.values(sources)
        .map(({ usage }) => usage)
        .join(', '),
    },
    {
      flags: '--bits <n>',
      description: 'bits of a weight: 8, 6 or 4',
      parse: oneOf([8, 6, 4] as const),
      default: 8,
    },
    { flags: '--out <file>', description: 'where the Graph goes', default: 'graph.safetensors' },
    {
      flags: '--calibrate <n>',
      description: 'training images to calibrate on',
      parse: integer(0, 1_000_000),
      default: 256,
    },
    {
      flags: '--count <n>',
      description: 'test images on which Net and Graph are compared',
      parse: integer(0, 1_000_000),
      default: 1000,
    },
    {
      flags: '--correction <how>',
      description:
        'adapt batch norms to the rounded weights: none, bias (means), statistics (means and deviations)',
      parse: oneOf(['none', 'bias', 'statistics'] as const),
      default: 'statistics',
    },
    {
      flags: '--rounding <how>',
      description: 'nearest or gptq (default: gptq at 4 bits, else nearest)',
      parse: oneOf(['nearest', 'gptq'] as const),
    },
  ],
  async run([path], options, io) {
    const net = await loadNet(path!);
    const data = await loadDataset(required(options.data, '--data'), { log: io.note });
    if (String(data.shape) !== String(net.input.shape))
      throw usageError(
        `${path} takes images of ${net.input.shape.join(' x ')}, ${data.name} has ${data.shape.join(' x ')}`,
        'calibrate with data like the training data',
      );
    const images = firstImages(net, data.train, Math.min(options.calibrate, data.train.count));
    const layers = io.progress('layers');
    const graph = toGraph(net, images, {
      bits: options.bits,
      correction: options.correction,
      ...(options.rounding ? { rounding: options.rounding } : {}),
      onLayer: (name, done, total) => layers.update(done, total, name),
    });
    layers.done();
    const file = writeGraph(graph);
    await writeFile(options.out, file);
    const compared = compare(net, graph, data, Math.min(options.count, data.test.count), io);
    report(options.out, graph, options.bits, file.length, compared, io);
    return { result: { out: options.out, bits: options.bits, bytes: file.length, ...compared } };
  },
});

const firstImages = (net: Net, split: Split, count: number): Float32Array[] =>
  Array.from({ length: count }, (_, i) => normalise(rawImage(split, net.input.shape, i), net.input));

type Rate = { layer: string; float: number; graph: number };
type Comparison = {
  samples: number;
  accuracy: { float: number; graph: number };
  agreement: number;
  /** Mean spike count per neuron, before and after. */
  firing: Rate[];
};

/** Runs Net and Graph over test images: accuracies, how often they agree, how often each layer fires. */
function compare(
  net: Net,
  graph: Graph,
  data: Dataset,
  samples: number,
  io: Io,
): Comparison | { samples: 0 } {
  if (!samples) return { samples: 0 };
  const run = netRunner(net);
  const table = pixelTable(graph);
  const correct = { float: 0, graph: 0 };
  let agree = 0;
  const rates = new Map<string, { float: number; graph: number }>();
  const count = (layer: string, which: 'float' | 'graph', values: ArrayLike<number>) => {
    const rate = rates.get(layer) ?? { float: 0, graph: 0 };
    rates.set(layer, rate);
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[i]!;
    rate[which] += sum / values.length / samples;
  };
  const bar = io.progress('comparing');
  for (let i = 0; i < samples; i++) {
    const raw = rawImage(data.test, data.shape, i);
    const label = data.test.labels[i]!;
    const float = argmax(
      run(normalise(raw, net.input), (node, { data: counts }) => {
        if (node.op === 'neuron') count(node.name, 'float', counts);
      }),
    );
    const integer = argmax(
      interpret(graph, rawToPixels(table, raw), (name, counts) => {
        if (graph.tensors[name]!.kind === 'spikes') count(name, 'graph', counts);
      }),
    );
    if (float === label) correct.float++;
    if (integer === label) correct.graph++;
    if (float === integer) agree++;
    bar.update(i + 1, samples);
  }
  bar.done();
  return {
    samples,
    accuracy: { float: correct.float / samples, graph: correct.graph / samples },
    agreement: agree / samples,
    firing: [...rates].map(([layer, rate]) => ({ layer, ...rate })),
  };
}

function report(
  out: string,
  graph: Graph,
  bits: number,
  size: number,
  compared: Comparison | { samples: 0 },
  io: Io,
): void {
  if ('firing' in compared) {
    io.print(io.bold('spikes per neuron, before and after'));
    io.table(
      [{ title: 'layer' }, { title: 'float', right: true }, { title: `${bits} bits`, right: true }],
      compared.firing.map(({ layer, float, graph: after }) => [layer, float.toFixed(3), after.toFixed(3)]),
    );
    io.print();
    const { samples, accuracy, agreement } = compared;
    io.print(
      `accuracy on ${samples} test images: float ${percent(accuracy.float, 2)}, ${bits} bits ${percent(accuracy.graph, 2)} ` +
        `(same class on ${percent(agreement, 2)})`,
    );
  }
  io.print(`${out}: ${graph.nodes.length} nodes, ${bits}-bit weights, ${bytes(size)}`);
}
