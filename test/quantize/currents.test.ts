import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Graph, product, type Shape } from '../../models/index.js';
import { type Accumulate, accumulate, currents } from '../../models/ops/accumulate.js';
import { currentsOf } from '../../quantize/currents.js';
import { seeded } from '../support/random-graph.js';

type Layer = {
  groups: number;
  inputs: number;
  outputs: number;
  map: [number, number];
  kernel: [number, number];
  stride: [number, number];
  padding: [number, number];
  density: number;
  isImage: boolean;
  seed: number;
};

/** A node with random weights, and an input with a fraction `density` of values that are not zero. */
function layerOf(o: Layer) {
  const random = seeded(o.seed);
  const shape: Shape = [...o.map, o.groups * o.inputs];
  const out = o.groups * o.outputs;
  const node: Accumulate = {
    op: 'accumulate',
    name: 'layer',
    input: 'x',
    output: 'y',
    out,
    kernel: o.kernel,
    stride: o.stride,
    padding: [Math.min(o.padding[0], o.kernel[0] - 1), Math.min(o.padding[1], o.kernel[1] - 1)],
    groups: o.groups,
    weights: 'w',
    bits: 8,
    end: { kind: 'fire', thresholds: 't' },
  };
  const kind = o.isImage ? ('pixels' as const) : ('spikes' as const);
  const x = { kind, type: o.isImage ? ('i8' as const) : ('u8' as const), shape, scale: 1 };
  const weights = Int8Array.from({ length: out * o.kernel[0] * o.kernel[1] * o.inputs }, () =>
    Math.floor(random() * 255 - 127),
  );
  const graph: Graph = {
    name: 'one layer',
    classes: [],
    input: { mean: [], std: [] },
    tensors: {
      x,
      y: { kind: 'spikes', type: 'u8', shape: accumulate.shape(node, [x]), scale: 1, levels: 4 },
    },
    nodes: [node],
    data: new Map([['w', weights]]),
  };
  const values = o.isImage ? new Int8Array(product(shape)) : new Uint8Array(product(shape));
  for (let i = 0; i < values.length; i++)
    if (random() < o.density) values[i] = Math.floor(o.isImage ? random() * 255 - 127 : 1 + random() * 4);
  return { node, graph, values };
}

const small = (max: number, min = 1) => fc.integer({ min, max });

test('events give the accumulators of the definition: any kernel, stride, padding, groups and density', () => {
  const layers = fc.record<Layer>({
    groups: fc.constantFrom(1, 1, 2, 5),
    inputs: small(7),
    outputs: small(9),
    map: fc.tuple(small(9, 4), small(9, 4)),
    kernel: fc.tuple(small(4), small(4)),
    stride: fc.tuple(small(3), small(3)),
    padding: fc.tuple(small(3, 0), small(3, 0)),
    density: fc.constantFrom(0, 0.1, 0.3, 0.6, 1),
    isImage: fc.boolean(),
    seed: small(1e6),
  });
  let spiking = 0;
  fc.assert(
    fc.property(layers, (options) => {
      const { node, graph, values } = layerOf(options);
      const run = currentsOf(node, graph);
      const wanted = currents(node, graph, values);
      if (wanted.some((acc) => acc !== 0)) spiking++;
      assert.equal(run(values), wanted);
      // Nothing of one image is left for the next.
      assert.equal(run(values), wanted);
    }),
    { numRuns: 300 },
  );
  assert.ok(spiking > 200, `${spiking} of 300 not silent`);
});

test('a depthwise layer, which has its own loop', () => {
  const { node, graph, values } = layerOf({
    groups: 12,
    inputs: 1,
    outputs: 1,
    map: [9, 8],
    kernel: [7, 7],
    stride: [1, 1],
    padding: [3, 3],
    density: 0.4,
    isImage: false,
    seed: 3,
  });
  assert.equal(currentsOf(node, graph)(values), currents(node, graph, values));
});

test.run();
