import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { useBackend } from '../../../host/train/backend.js';
import { affine, attend, batchNorm, type Moments, neuron } from '../../../host/train/ops.js';
import { type Tensor1D, type Tensor4D, type TfTensor, tf } from '../../../host/train/tf.js';

/** Numbers in -1..1, the same on every backend. */
function uniform(shape: number[], seed: number): { shape: number[]; data: Float32Array } {
  let state = seed;
  const size = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
  return { shape, data };
}

type Input = ReturnType<typeof uniform>;

/** Value and gradients, with a random dy, of `f` on one backend. */
async function run(backend: 'wasm' | 'cpu', inputs: Input[], f: (...x: TfTensor[]) => TfTensor) {
  await useBackend(backend);
  const before = tf.memory().numTensors;
  const results: Float32Array[] = [];
  tf.tidy(() => {
    const tensors = inputs.map(({ shape, data }) => tf.tensor(data, shape));
    const y = f(...tensors);
    const dy = uniform(y.shape, 99);
    const gradients = tf.grads(f)(tensors, tf.tensor(dy.data, dy.shape));
    results.push(...[y, ...gradients].map((t) => t.dataSync() as Float32Array));
  });
  assert.is(tf.memory().numTensors, before, 'tensors are left behind');
  return results;
}

/** Both backends agree on value and gradients within 1e-4 of the largest element. */
async function agree(what: string, inputs: Input[], f: (...x: TfTensor[]) => TfTensor) {
  const [ours, theirs] = [await run('wasm', inputs, f), await run('cpu', inputs, f)];
  theirs.forEach((expected, part) => {
    const size = expected.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
    assert.ok(size > 0, `${what}: part ${part} is all zero`);
    const error = expected.reduce((max, v, i) => Math.max(max, Math.abs(v - ours[part]![i]!)), 0);
    assert.ok(error <= 1e-4 * size, `${what}: part ${part} is ${error / size} off`);
  });
}

type Conv = {
  h: number;
  w: number;
  in: number;
  out: number;
  k: [number, number];
  s: [number, number];
  p: [number, number];
};

const convs: Conv[] = [
  { h: 7, w: 7, in: 8, out: 16, k: [3, 3], s: [1, 1], p: [1, 1] },
  { h: 8, w: 9, in: 5, out: 11, k: [3, 3], s: [2, 2], p: [1, 1] },
  { h: 9, w: 8, in: 1, out: 6, k: [5, 5], s: [2, 2], p: [2, 2] },
  { h: 6, w: 5, in: 12, out: 20, k: [1, 1], s: [1, 1], p: [0, 0] },
  { h: 6, w: 7, in: 4, out: 8, k: [1, 1], s: [2, 2], p: [0, 0] },
  { h: 8, w: 7, in: 6, out: 9, k: [3, 5], s: [1, 2], p: [0, 2] },
  { h: 6, w: 6, in: 3, out: 4, k: [3, 3], s: [3, 1], p: [2, 0] },
];

const padding = ([top, left]: [number, number]) =>
  [
    [0, 0],
    [top, top],
    [left, left],
    [0, 0],
  ] as unknown as 'valid';

for (const c of convs)
  test(`conv2d ${JSON.stringify(c)}: gradients on wasm are the cpu backend's`, () =>
    agree('conv2d', [uniform([3, c.h, c.w, c.in], 1), uniform([...c.k, c.in, c.out], 2)], (x, f) =>
      tf.conv2d(x as Tensor4D, f as Tensor4D, c.s, padding(c.p)),
    ));

for (const c of convs.filter((conv) => conv.in > 1))
  test(`depthwise ${JSON.stringify(c)}: value and gradients on wasm are the cpu backend's`, () =>
    agree('depthwise', [uniform([3, c.h, c.w, c.in * 5], 3), uniform([...c.k, c.in * 5, 1], 4)], (x, f) =>
      tf.depthwiseConv2d(x as Tensor4D, f as Tensor4D, c.s, padding(c.p)),
    ));

for (const channels of [1, 4, 6, 19])
  for (const fires of [false, true])
    test(`batch norm of ${channels} channels ${fires ? 'with' : 'without'} neuron: fused is composed`, async () => {
      const x = uniform([5, 4, 4, channels], 5);
      const scale = uniform([channels], 6);
      const [weight, bias] = [
        { ...scale, data: scale.data.map((v) => 2 + v) },
        { ...scale, data: scale.data.map((v) => 1.7 - v) },
      ];
      const seen: Moments[] = [];
      const fire = fires ? { levels: 4, divisor: 4, extra: 0.03 } : undefined;
      await agree('batch norm', [x, weight, bias], (t, w, b) =>
        batchNorm(t as Tensor4D, w as Tensor1D, b as Tensor1D, fire, (moments) => seen.push(moments)),
      );
      const [ours, theirs] = [seen[0]!, seen.at(-1)!];
      assert.is(ours.rows, 80);
      for (let c = 0; c < channels; c++) {
        assert.ok(Math.abs(ours.mean[c]! - theirs.mean[c]!) < 1e-6);
        assert.ok(Math.abs(ours.variance[c]! - theirs.variance[c]!) < 1e-6);
      }
    });

test('the extra gradient of a neuron is that of extra * sum(value)', async () => {
  const x = uniform([2, 3, 3, 5], 21);
  x.data.forEach((v, i) => {
    x.data[i] = 6 * v;
  });
  const gradient = async (backend: 'wasm' | 'cpu', extra: number, f: (y: TfTensor) => TfTensor) => {
    const [, dx] = await run(backend, [x], (t) => f(neuron(t as Tensor4D, { levels: 4, divisor: 4, extra })));
    return dx;
  };
  for (const backend of ['wasm', 'cpu'] as const) {
    const folded = await gradient(backend, 0.5, (y) => tf.sum(y));
    const explicit = await gradient(backend, 0, (y) => tf.sum(y));
    // The random dy of the scalar sum is the same factor in both; 0.5 comes on top of it.
    const [factor] = uniform([], 99).data;
    explicit!.forEach((value, i) => {
      const expected = (value / factor!) * (factor! + 0.5);
      assert.ok(Math.abs(folded![i]! - expected) < 1e-6);
    });
    assert.ok(explicit!.some((value) => value !== 0) && explicit!.some((value) => value === 0));
  }
});

test('attend: fused is composed', async () => {
  for (const [heads, keys, contents] of [
    [4, 32, 128],
    [2, 6, 10],
  ] as const) {
    const shapes = [keys, keys, contents].map((c, i) => uniform([2, 3, 5, c], 7 + i));
    await agree('attend', shapes, (q, k, v) =>
      attend(q as Tensor4D, k as Tensor4D, v as Tensor4D, heads, 0.7),
    );
  }
});

test('affine: fused is composed, with and without neuron', async () => {
  const { data } = uniform([2, 3, 3, 7], 11);
  const [alpha, beta] = [uniform([7], 12).data.map((v) => v + 3), uniform([7], 13).data];
  for (const fire of [undefined, { levels: 4, divisor: 1, extra: 0 }]) {
    const outputs: number[][] = [];
    for (const backend of ['wasm', 'cpu'] as const) {
      await useBackend(backend);
      tf.tidy(() => outputs.push([...affine(tf.tensor4d(data, [2, 3, 3, 7]), alpha, beta, fire).dataSync()]));
    }
    assert.equal(outputs[0], outputs[1]);
  }
});

test.run();
