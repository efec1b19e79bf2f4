import { writeGraph } from '../../../models/file.js';
import { type Accuracy, frontEndAccuracy } from '../../../models/frontends/index.js';
import type { Graph } from '../../../models/graph.js';
import type { WeightBits } from '../../../models/ops/accumulate.js';
import type { Correction, Rounding } from '../../../quantize/index.js';
import { loadNet } from '../../api/load.js';
import { compare, quantize as toGraph } from '../../api/quantize.js';
import { requireFits } from '../../data/fits.js';
import { loadDataset, usages } from '../../data/index.js';
import { netInput } from '../../data/input.js';
import type { Comparison } from '../../report/compare.js';
import { bytes, percent } from '../../report/text.js';
import { output } from '../../system/output.js';
import type { Io } from '../io.js';
import { forceOption, integer, oneOf, required, verb } from '../verb.js';

type Options = {
  data?: string;
  bits: WeightBits;
  out: string;
  calibrate: number;
  count: number;
  correction: Correction;
  rounding?: Rounding;
  force?: boolean;
};

export const quantize = verb<Options>({
  summary: 'turn a Net into an integer Graph',
  configured: true,
  arguments: [['<net>', 'a Net, as train and import write it']],
  options: [
    {
      flags: '--data <spec>',
      description: usages(),
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
      parse: integer(1, 10_000),
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
    forceOption,
  ],
  async run([path], options, io) {
    const net = await loadNet(path!);
    const { out, force } = options;
    const write = await output(out, { kind: 'graph', inputs: [path], force });
    const input = netInput(net);
    const data = await loadDataset(required(options.data, '--data'), {
      log: io.note,
      input,
      limit: Math.max(options.calibrate, options.count),
      fits: (data) => requireFits(path!, input, data),
    });
    const layers = io.progress('layers');
    const float = io.progress('calibrating');
    const graph = toGraph(net, data, {
      calibrate: options.calibrate,
      bits: options.bits,
      correction: options.correction,
      ...(options.rounding ? { rounding: options.rounding } : {}),
      onImage: (done, total) => float.update(done, total),
      onLayer: (name, done, total) => layers.update(done, total, name),
    });
    float.done();
    layers.done();
    const file = writeGraph(graph);
    await write(file);
    const samples = Math.min(options.count, data.test.count);
    const bar = io.progress('comparing');
    const compared =
      samples > 0
        ? compare(net, graph, data, {
            count: samples,
            onProgress: (done) => bar.update(done, samples),
          })
        : undefined;
    bar.done();
    report(options.out, graph, options.bits, file.length, compared, io);
    const accuracy = graph.frontEnd && frontEndAccuracy(graph.frontEnd);
    if (accuracy) io.print(frontEndReport(accuracy));
    // Equal logits have no noise, and JSON cannot represent infinity.
    const sqnr = compared && (Number.isFinite(compared.sqnr) ? compared.sqnr : null);
    return {
      result: {
        out: options.out,
        bits: options.bits,
        bytes: file.length,
        ...(data.source ? { source: data.source } : {}),
        ...(accuracy ? { frontEnd: accuracy } : {}),
        ...(compared ? { ...compared, sqnr } : { samples }),
      },
    };
  },
});

const frontEndReport = ({ signal, unit, mean, most }: Accuracy): string =>
  `front end in integers against float64, on ${signal}: ${mean.toFixed(4)} ${unit} on average, ${most.toFixed(3)} at most`;

function report(
  out: string,
  graph: Graph,
  bits: number,
  size: number,
  compared: Comparison | undefined,
  io: Io,
): void {
  if (compared) {
    io.print(io.bold(`spikes per neuron and share of neurons that fire, before and at ${bits} bits`));
    const right = (title: string) => ({ title, right: true });
    io.table(
      [{ title: 'layer' }, ...['spikes', 'at', 'firing', 'at', 'equal', 'mean |difference|'].map(right)],
      compared.layers.map(({ layer, float, graph: after, equal, difference }) => [
        layer,
        ...[float.rate, after.rate].map((rate) => rate.toFixed(3)),
        ...[float.density, after.density, equal].map((share) => percent(share)),
        difference.toFixed(3),
      ]),
    );
    io.print();
    const { samples, accuracy, agreement, sqnr } = compared;
    const same = `same class on ${percent(agreement, 2)}, logits ${sqnr.toFixed(1)} dB above their error`;
    io.print(
      accuracy
        ? `accuracy on ${samples} test images: float ${percent(accuracy.float, 2)}, ${bits} bits ${percent(accuracy.graph, 2)} (${same})`
        : `${samples} images: ${same}`,
    );
  }
  io.print(`${out}: ${graph.nodes.length} nodes, ${bits}-bit weights, ${bytes(size)}`);
}
