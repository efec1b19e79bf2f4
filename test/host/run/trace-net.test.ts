import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readTraceInput, traceNet } from '../../../host/run/trace-net.js';
import { float32, netRunner, type Tensor, writeSafetensors } from '../../../models/index.js';
import { zooNet } from '../../support/nets.js';
import { seeded } from '../../support/random-graph.js';

const net = zooNet('tiny', [28, 28, 1], 10);
/** Bright enough that a fresh net spikes. */
const images = (...shape: number[]): Tensor => {
  const random = seeded(1);
  return float32(
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 16 * random()),
  );
};

test('logits of every image, spikes of the first, in the layout of PyTorch', () => {
  const input = images(3, 1, 20, 12);
  const done: number[] = [];
  const trace = traceNet(net, input, (n, of) => done.push(n, of));
  assert.equal(done, [1, 3, 2, 3, 3, 3]);
  assert.equal(trace.get('logits')!.shape, [3, 10]);
  assert.equal(trace.get('b1.sep.net.0')!.shape, [1, 16, 10, 6]);
  assert.equal(trace.get('b3.attn.vs')!.shape, [1, 128, 5, 3]);
  assert.equal(trace.get('hs')!.shape, [1, 32]);
  assert.ok(trace.get('b1.sep.net.0')!.data.some((n) => n > 0));
  const run = netRunner(net, [20, 12, 1]);
  for (let n = 0; n < 3; n++) {
    const logits = run(
      (input.data as Float32Array).subarray(n * 240, (n + 1) * 240),
      (node, { data, shape }) => {
        if (n > 0 || node.op !== 'neuron') return;
        const map = trace.get(node.name)!;
        const positions = shape[0] * shape[1];
        for (let p = 0; p < positions; p++)
          for (let c = 0; c < shape[2]; c++)
            if (map.data[c * positions + p] !== data[p * shape[2] + c]) assert.unreachable(node.name);
      },
    );
    assert.equal(trace.get('logits')!.data.slice(10 * n, 10 * (n + 1)), Float32Array.from(logits));
  }
});

test('maps that the reference keeps in rank 3 are [1, C, H * W]', () => {
  const former = zooNet('espikeformer-nano', [64, 64, 3], 10);
  const trace = traceNet(former, images(1, 3, 32, 48));
  assert.equal(trace.get('block3.0.attn.v_spike')!.shape, [1, 128, 2, 3]);
  assert.equal(trace.get('block3.0.attn.attn_spike')!.shape, [1, 128, 6]);
  assert.equal(trace.get('block4.1.mlp.fc2_spike')!.shape, [1, 192, 6]);
});

test('channels of colour images are told apart', () => {
  const colour = zooNet('mini', [8, 8, 2], 3);
  const input = images(1, 2, 8, 8);
  const [first, second] = [input.data.slice(0, 64), input.data.slice(64)] as [Float32Array, Float32Array];
  const swapped = float32([1, 2, 8, 8], [...second, ...first]);
  const interleaved = Float32Array.from(
    { length: 128 },
    (_, i) => input.data[(i % 2) * 64 + (i >> 1)] as number,
  );
  const counts: number[] = [];
  netRunner(colour)(interleaved, (node, { data }) => {
    if (node.name === 'b1.sep.net.0') counts.push(...data);
  });
  const [ours, other] = [input, swapped].map((image) => traceNet(colour, image).get('b1.sep.net.0')!.data);
  // [position][channel] against [channel][position]
  assert.equal(
    counts,
    Array.from({ length: 128 }, (_, i) => ours![(i % 8) * 16 + (i >> 3)]),
  );
  assert.not.equal(other, ours);
});

test('images that do not fit', () => {
  const holey = images(1, 1, 28, 28);
  holey.data[5] = Number.NaN;
  const cases: [Tensor, RegExp][] = [
    [images(1, 3, 28, 28), /takes images \[N, 1, H, W\], 'input' has 3 channels/],
    [images(28, 28), /takes images \[N, 1, H, W\], 'input' is \[28,28\]/],
    [images(0, 1, 28, 28), /it is empty/],
    [images(1, 1, 0, 28), /it is empty/],
    [holey, /'input' holds NaN or infinity/],
    [{ shape: [2, 1, 28, 28], data: new Float32Array(784) }, /'input' is \[2,1,28,28\]/],
  ];
  for (const [input, message] of cases)
    assert.throws(
      () => traceNet(net, input),
      (error: Error) => error.name === 'SpikeletError' && message.test(error.message),
      String(message),
    );
});

test("the tensor 'input' of a file", () => {
  const input = images(2, 1, 4, 4);
  assert.equal(readTraceInput(writeSafetensors(new Map([['input', input]])), 'x'), input);
  assert.throws(
    () => readTraceInput(writeSafetensors(new Map([['images', input]])), 'x.safetensors'),
    /x\.safetensors has no tensor 'input', only images/,
  );
  assert.throws(() => readTraceInput(new Uint8Array(3), 'x.safetensors'), /x\.safetensors is not a valid/);
});

test.run();
