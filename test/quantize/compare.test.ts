import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compare } from '../../host/report/compare.js';
import { argmax, interpret, type Net, netRunner, outputOf, toPixels } from '../../models/index.js';
import { quantize } from '../../quantize/index.js';
import { zooNet } from '../support/nets.js';
import { seeded } from '../support/random-graph.js';

const net = zooNet('mini', [12, 12, 1], 3, { widths: [4, 8] });
const random = seeded(2);
const images = Array.from({ length: 5 }, () =>
  Float32Array.from({ length: 144 }, () => 4 * Math.round(12 * random())),
);
const graph = quantize(net, images, { bits: 4 });

test('the figures are those of their definitions', () => {
  const labels = [0, 1, 2, 0, 1];
  const found = compare(net, graph, images, { labels });
  const run = netRunner(net);
  const counts = { float: new Map<string, number[]>(), graph: new Map<string, number[]>() };
  const append = (which: 'float' | 'graph', name: string, values: ArrayLike<number>) =>
    counts[which].set(name, [...(counts[which].get(name) ?? []), ...Array.from(values)]);
  const classes: [number, number][] = [];
  let [signal, noise] = [0, 0];
  for (const image of images) {
    const float = run(image, (node, { data }) => {
      if (node.op === 'neuron') append('float', node.name, data);
    });
    const integer = interpret(graph, toPixels(graph, image), (name, values) => {
      if (graph.tensors[name]!.kind === 'spikes') append('graph', name, values);
    });
    const { scale } = graph.tensors[outputOf(graph)]!;
    float.forEach((x, c) => {
      signal += x * x;
      noise += (x - integer[c]! * scale) ** 2;
    });
    classes.push([argmax(float), argmax(integer)]);
  }
  const share = (values: unknown[], is: (value: never, i: number) => boolean) =>
    values.filter(is as (value: unknown, i: number) => boolean).length / values.length;
  assert.is(found.samples, 5);
  assert.is(
    found.agreement,
    share(classes, ([a, b]: [number, number]) => a === b),
  );
  assert.equal(found.accuracy, {
    float: share(classes, ([a]: [number, number], i) => a === labels[i]),
    graph: share(classes, ([, b]: [number, number], i) => b === labels[i]),
  });
  assert.ok(Math.abs(found.sqnr - 10 * Math.log10(signal / noise)) < 1e-9);
  assert.equal(
    found.layers.map(({ layer }) => layer),
    [...counts.float.keys()],
  );
  let different = 0;
  for (const { layer, equal, difference, float, graph: after } of found.layers) {
    const [a, b] = [counts.float.get(layer)!, counts.graph.get(layer)!];
    const mean = (values: number[]) => values.reduce((x, y) => x + y, 0) / values.length;
    assert.ok(Math.abs(equal - share(a, (n: number, i) => n === b[i])) < 1e-12, layer);
    assert.ok(Math.abs(difference - mean(a.map((n, i) => Math.abs(n - b[i]!)))) < 1e-12, layer);
    for (const [firing, values] of [
      [float, a],
      [after, b],
    ] as const) {
      assert.ok(Math.abs(firing.rate - mean(values)) < 1e-12, layer);
      assert.ok(Math.abs(firing.density - share(values, (n: number) => n > 0)) < 1e-12, layer);
    }
    if (equal < 1) different++;
  }
  assert.ok(different > 3, 'a net of 4-bit weights spikes differently');
});

test('alone: a layer on the inputs of the float network errs less than at the end of the chain', () => {
  const { layers } = compare(net, graph, images, { alone: true });
  const mean = (values: number[]) => values.reduce((x, y) => x + y, 0) / values.length;
  const alone = mean(layers.map((layer) => layer.alone!));
  assert.ok(alone > 0.9 && alone < 1, `${alone}`);
  assert.ok(alone > mean(layers.map(({ equal }) => equal)) + 0.01);
  assert.is(compare(net, graph, images.slice(0, 1)).layers[0]!.alone, undefined);
});

test('another runner of the Graph is asked instead of the interpreter', () => {
  const logits = Int32Array.of(1, 2, 3);
  const found = compare(net, graph, images, {
    infer: (pixels, onTensor) => {
      interpret(graph, pixels, onTensor);
      return logits;
    },
  });
  const run = netRunner(net);
  assert.is(found.agreement, images.filter((image) => argmax(run(image)) === 2).length / images.length);
});

test('weights, pixels and streams that integers hold exactly: nothing differs', () => {
  // Weights of one magnitude a channel are exact at any width, and so is the image at a scale of 1.
  const params = new Map(net.params);
  for (const node of net.nodes) {
    if (node.op !== 'conv') continue;
    const { shape, data } = net.params.get(`${node.name}.weight`)!;
    params.set(`${node.name}.weight`, {
      shape,
      data: (data as Float32Array).map((w) => Math.sign(w) / 16),
    });
  }
  const coarse: Net = { ...net, params };
  const bright = images.map((image) => Float32Array.from(image, (x) => (x > 24 ? 127 : x > 12 ? 64 : 0)));
  const exact = quantize(coarse, bright, { bits: 8, correction: 'none' });
  assert.is(exact.tensors['input']!.scale, 1);
  const { layers, agreement, sqnr } = compare(coarse, exact, bright, { alone: true });
  // The streams have their own units, so a value may still be on the other side of a threshold.
  for (const { layer, alone } of layers) assert.ok(alone! > 0.99, `${layer}: ${alone}`);
  assert.is(agreement, 1);
  assert.ok(sqnr > 30, `${sqnr} dB`);
});

test('images beyond what pixels of a camera can be are not clipped', () => {
  const wide = [Float32Array.from({ length: 144 }, (_, i) => (i === 7 ? -300 : 1))];
  const { scale } = quantize(net, wide, { bits: 8 }).tensors['input']!;
  assert.is(Math.round(300 / scale), 127);
  assert.is(quantize(net, [images[0]!.map((x) => x / 100)], { bits: 8 }).tensors['input']!.scale, 1 / 127);
});

test.run();
