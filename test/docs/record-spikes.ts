import { readFileSync, writeFileSync } from 'node:fs';
import { loadDataset } from '../../host/data/index.js';
import { interpret, pixelTable, rawImage, rawToPixels, readGraph, type Shape } from '../../models/index.js';
import { root } from '../support/imports.js';
import { type Picture, pictureText } from './picture.js';

// `node dist/test/docs/record-spikes.js [GRAPH]`, after `npm run demo`: what docs/spikes.svg draws, from the
// demo's net.
const MAPS = 4;
/** The first layers of different shapes, and the last. */
const LAYERS = 3;
const SAMPLE = 0;
const graph = readGraph(readFileSync(process.argv[2] ?? `${root}spikelet-demo/graph.safetensors`));
const data = await loadDataset('gestures');
const raw = rawImage(data.test, data.shape, SAMPLE);

/** Channels whose counts differ most first. */
function layerOf(name: string, counts: ArrayLike<number>, shape: Shape, maps: number): Picture['input'] {
  const channels = shape[2];
  const all = Array.from({ length: channels }, (_, c) =>
    Array.from({ length: counts.length / channels }, (_, i) => counts[i * channels + c]!),
  );
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  const spread = (values: number[]) =>
    sum(values.map((value) => value * value)) / values.length - (sum(values) / values.length) ** 2;
  const shown = maps < channels ? all.sort((a, b) => spread(b) - spread(a)).slice(0, maps) : all;
  const silent = Array.from(counts).filter((count) => count === 0).length / counts.length;
  return {
    name,
    shape: [...shape],
    silent: Number(silent.toFixed(3)),
    maps: shown.map((map) => map.map((count) => Math.min(15, count).toString(16)).join('')),
  };
}

const layers: Picture['layers'] = [];
const logits = interpret(graph, rawToPixels(pixelTable(graph), raw), (name, values) => {
  const { kind, shape } = graph.tensors[name]!;
  const seen = layers.some((layer) => String(layer.shape) === String(shape));
  if (kind === 'spikes' && shape[0] > 1 && !seen) layers.push(layerOf(name, values, shape, MAPS));
});
const { scale } = graph.tensors[graph.nodes.at(-1)!.output]!;
const drawn: Picture = {
  command: 'npm run demo, then node dist/test/docs/record-spikes.js',
  gesture: data.classes[data.test.labels[SAMPLE]!]!,
  input: layerOf(
    'events',
    raw.map((value) => Math.round(value / 17)),
    data.shape,
    2,
  ),
  layers: [...layers.slice(0, LAYERS - 1), ...layers.slice(-1)],
  classes: graph.classes.map((name, i) => ({ name, logit: Number((logits[i]! * scale).toFixed(2)) })),
};
writeFileSync(`${root}docs/spikes.json`, pictureText(drawn));
for (const { name, shape, silent } of layers) console.log(name, shape.join('x'), silent);
