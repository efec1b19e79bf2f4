import { requireBytes } from '../../models/budget.js';
import { allocate, definition, type Graph, outputOf } from '../../models/graph.js';
import { argmax, interpret, toPixels } from '../../models/interpret.js';
import { type Net, paramBytes } from '../../models/net.js';
import type { Values } from '../../models/ops/op.js';
import { netRunner } from '../../models/run.js';
import { product } from '../../models/tensor.js';

/** Mean spike count per neuron, and the fraction of neurons that fire. */
export type Firing = { rate: number; density: number };

/** One spike map in the float network and in the Graph. */
export type LayerComparison = {
  layer: string;
  /** Fraction of neurons with the same count in both. */
  equal: number;
  /** Mean |difference| of the counts. */
  difference: number;
  /**
   * Fraction of equal counts if the layer's inputs are the float network's: the effect of this layer alone.
   */
  alone?: number;
  float: Firing;
  graph: Firing;
};

export type Comparison = {
  samples: number;
  /** Fraction of images whose largest logit is their label's; only with labels. */
  accuracy?: { float: number; graph: number };
  /** Fraction of images with the same largest logit. */
  agreement: number;
  /** 10 log10(sum float^2 / sum (float - graph)^2) over all logits, in dB; infinite if they are equal. */
  sqnr: number;
  layers: LayerComparison[];
};

export type CompareOptions = {
  labels?: ArrayLike<number>;
  /** Also feed every layer the float network's inputs (twice the work). */
  alone?: boolean;
  /** Runs the Graph; default: the interpreter. */
  infer?: (pixels: Int8Array, onTensor: (name: string, values: Values) => void) => Int32Array;
  onProgress?: (done: number) => void;
};

/** Bounds the memory for the float network's values of one image, which are kept until the Graph has run. */
function requireKept(net: Net, graph: Graph, alone: boolean): void {
  const kept = Object.values(graph.tensors).filter(({ kind }) => alone || kind === 'spikes');
  requireBytes(
    `comparing net '${net.name}' with its graph`,
    kept.reduce((sum, { kind, shape }) => sum + (kind === 'spikes' ? 1 : 8) * product(shape), 0),
    {
      weightBytes: paramBytes(net),
      hint: 'use smaller images',
    },
  );
}

type FloatValues = { data: ArrayLike<number>; unit: number };

/**
 * Runs Net and Graph over normalised images, [row][column][channel], and compares spike maps and logits. The
 * Net gets the images themselves, the Graph their 8-bit pixels, so the error of the pixels is included.
 */
export function compare(
  net: Net,
  graph: Graph,
  images: Iterable<Float32Array>,
  { labels, alone, infer, onProgress }: CompareOptions = {},
): Comparison {
  requireKept(net, graph, alone ?? false);
  const run = netRunner(net);
  const runGraph = infer ?? ((pixels, onTensor) => interpret(graph, pixels, onTensor));
  const unit = graph.tensors[outputOf(graph)]!.scale;
  const tallies = new Map<string, Tally>();
  for (const node of graph.nodes)
    if (graph.tensors[node.output]!.kind === 'spikes') tallies.set(node.output, new Tally());
  const correct = { float: 0, graph: 0 };
  let [samples, agree, signal, noise] = [0, 0, 0, 0];
  for (const image of images) {
    const float = new Map<string, FloatValues>();
    const wanted = run(image, (node, value) => {
      const tensor = graph.tensors[node.name];
      // Copied, because the runner reuses its memory for the next image.
      if (tensor && (alone || tensor.kind === 'spikes'))
        float.set(node.name, { data: value.data.slice(), unit: value.unit });
    });
    const pixels = toPixels(graph, image);
    const logits = runGraph(pixels, (name, counts) => {
      tallies.get(name)?.add(float.get(name)!.data, counts);
    });
    if (alone) eachAlone(graph, pixels, float, tallies);
    for (let c = 0; c < wanted.length; c++) {
      signal += wanted[c]! ** 2;
      noise += (wanted[c]! - logits[c]! * unit) ** 2;
    }
    const classes = { float: argmax(wanted), graph: argmax(logits) };
    if (classes.float === classes.graph) agree++;
    if (classes.float === labels?.[samples]) correct.float++;
    if (classes.graph === labels?.[samples]) correct.graph++;
    samples++;
    onProgress?.(samples);
  }
  return {
    samples,
    ...(labels ? { accuracy: { float: correct.float / samples, graph: correct.graph / samples } } : {}),
    agreement: agree / samples,
    sqnr: 10 * Math.log10(signal / noise),
    layers: [...tallies].map(([layer, tally]) => ({ layer, ...tally.result(alone ?? false) })),
  };
}

/** Counts of one spike map over all images. */
class Tally {
  private values = 0;
  private equal = 0;
  private equalAlone = 0;
  private difference = 0;
  private readonly spikes = { float: 0, graph: 0 };
  private readonly active = { float: 0, graph: 0 };

  add(float: ArrayLike<number>, graph: ArrayLike<number>): void {
    this.values += float.length;
    for (let i = 0; i < float.length; i++) {
      const [a, b] = [float[i]!, graph[i]!];
      if (a === b) this.equal++;
      this.difference += Math.abs(a - b);
      this.spikes.float += a;
      this.spikes.graph += b;
      if (a) this.active.float++;
      if (b) this.active.graph++;
    }
  }

  addAlone(float: ArrayLike<number>, graph: ArrayLike<number>): void {
    for (let i = 0; i < float.length; i++) if (float[i] === graph[i]) this.equalAlone++;
  }

  result(alone: boolean): Omit<LayerComparison, 'layer'> {
    const share = (count: number) => count / this.values;
    const firing = (which: 'float' | 'graph'): Firing => ({
      rate: share(this.spikes[which]),
      density: share(this.active[which]),
    });
    return {
      equal: share(this.equal),
      difference: share(this.difference),
      ...(alone ? { alone: share(this.equalAlone) } : {}),
      float: firing('float'),
      graph: firing('graph'),
    };
  }
}

/** Runs every firing node on the float network's values, in the Graph's units. */
function eachAlone(
  graph: Graph,
  pixels: Int8Array,
  float: Map<string, FloatValues>,
  tallies: Map<string, Tally>,
): void {
  const inUnits = (name: string): Values => {
    if (name === 'input') return pixels;
    const tensor = graph.tensors[name]!;
    const { data, unit } = float.get(name)!;
    const values = allocate(tensor);
    const factor = tensor.kind === 'spikes' ? 1 : unit / tensor.scale;
    for (let i = 0; i < values.length; i++) values[i] = Math.round(data[i]! * factor);
    return values;
  };
  for (const node of graph.nodes) {
    const tally = tallies.get(node.output);
    if (!tally) continue;
    const op = definition(node);
    const output = allocate(graph.tensors[node.output]!);
    op.run(node, graph, op.inputs(node).map(inUnits), output);
    tally.addAlone(float.get(node.output)!.data, output);
  }
}
