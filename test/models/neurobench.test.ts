import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Graph, interpret, neuroBench, prove } from '../../models/index.js';

/**
 * Two layers by hand: 3x3 pixels, a 3x3 convolution with padding 1 to two channels that fires 0..2, and a
 * dense layer of all 18 counts to two logits.
 */
function byHand(conv: number[], dense: number[]): Graph {
  return {
    name: 'by hand',
    classes: ['a', 'b'],
    input: { mean: [0], std: [1] },
    tensors: {
      input: { kind: 'pixels', type: 'i8', shape: [3, 3, 1], scale: 1 },
      y: { kind: 'spikes', type: 'u8', shape: [3, 3, 2], scale: 1, levels: 2 },
      logits: { kind: 'logits', type: 'i32', shape: [1, 1, 2], scale: 1 },
    },
    nodes: [
      {
        ...{ op: 'accumulate', name: 'conv', input: 'input', output: 'y', out: 2, kernel: [3, 3] },
        ...{ stride: [1, 1], padding: [1, 1], groups: 1, weights: 'cw', bits: 8 },
        end: { kind: 'fire', thresholds: 'ct' },
      },
      {
        ...{ op: 'accumulate', name: 'dense', input: 'y', output: 'logits', out: 2, kernel: [3, 3] },
        ...{ stride: [1, 1], padding: [0, 0], groups: 1, weights: 'dw', bits: 8 },
        end: { kind: 'readout', multiplier: 'dm', bias: 'db', shift: 0 },
      },
    ] as Graph['nodes'],
    data: new Map<string, Int8Array | Int32Array>([
      ['cw', Int8Array.from(conv)],
      // One spike from 1 on, two from 5 on.
      ['ct', Int32Array.of(1, 5, 1, 5)],
      ['dw', Int8Array.from(dense)],
      ['dm', Int32Array.of(1, 1)],
      ['db', Int32Array.of(0, 0)],
    ]),
  };
}

function count(graph: Graph, ...samples: number[][]) {
  prove(graph);
  const bench = neuroBench(graph);
  for (const pixels of samples) interpret(graph, Int8Array.from(pixels), bench.add);
  return bench.result(samples.length);
}

// Channel 0 sees the centre alone; channel 1 the centre and its left neighbour.
const centre = [0, 0, 0, 0, 1, 0, 0, 0, 0];
const conv = [...centre, 0, 0, 0, 1, 1, 0, 0, 0, 0];
// Logit a reads everything, logit b nothing but the first count.
const dense = [...new Array(18).fill(1), 1, ...new Array(17).fill(0)];
/** 3x3 with padding 1 over 3x3: each axis 2 + 3 + 2 taps within the map, 49 of 81; two channels. */
const convDense = 49 * 2;
const denseDense = 18 * 2;

test('binary inputs are ACs; zero weights, zero inputs and padding do not count', () => {
  // One pixel in the middle: it meets one weight of channel 0, two of channel 1.
  const found = count(byHand(conv, dense), [0, 0, 0, 0, 1, 0, 0, 0, 0]);
  // It fires channel 0 there, channel 1 there and to its right: 3 of 18 counts, none of them the first.
  assert.equal(found.SynapticOperations, {
    Effective_MACs: 0,
    Effective_ACs: 3 + 3,
    Dense: convDense + denseDense,
  });
  assert.is(found.ActivationSparsity, 15 / 18);
  assert.is(found.ConnectionSparsity, (15 + 17) / (18 + 36));
});

test('a pixel on the right edge has no neighbour to its right', () => {
  const found = count(byHand(conv, dense), [0, 0, 0, 0, 0, 1, 0, 0, 0]);
  assert.is(found.SynapticOperations.Effective_ACs, 2 + 2);
});

test('one input beyond -1, 0, 1 makes all operations of the layer MACs', () => {
  // 6 in the first place: both channels fire twice there, channel 1 twice to its right; logit b reads the
  // first count.
  const found = count(byHand(conv, dense), [6, 0, 0, 0, 0, 0, 0, 0, 1]);
  // Layer 1: 3 of the 6, and 2 of the 1 in the last corner. Layer 2: counts 2, 2, 2, 1, 1 by logit a, the
  // first by b.
  assert.equal(found.SynapticOperations, {
    Effective_MACs: 5 + 5 + 1,
    Effective_ACs: 0,
    Dense: convDense + denseDense,
  });
});

test('samples are told apart, and the means are of one', () => {
  const found = count(byHand(conv, dense), [0, 0, 0, 0, 1, 0, 0, 0, 0], [0, 0, 0, 0, 6, 0, 0, 0, 0]);
  assert.equal(found.SynapticOperations, {
    Effective_MACs: (3 + 3) / 2,
    Effective_ACs: (3 + 3) / 2,
    Dense: convDense + denseDense,
  });
});

test('3x3 with padding over 28x28: 6,724 operations a channel, not 7,056', () => {
  const graph = byHand(conv, dense);
  graph.tensors['input']!.shape = [28, 28, 1];
  graph.tensors['y']!.shape = [28, 28, 2];
  const bench = neuroBench(graph);
  bench.add('input', new Int8Array(28 * 28));
  assert.is(bench.result(1).SynapticOperations.Dense, 2 * 6724);
});

test.run();
