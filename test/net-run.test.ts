import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Shape, Tensor } from '../models/index.js';
import { netRunner, spikeCount } from '../models/run.js';
import { read, referenceNet } from './reference.js';
import { shared } from './shared.js';

/** Image n of an NCHW tensor as [row][column][channel]. */
export function imageOf({ shape, data }: Tensor, n: number): Float32Array {
  const [, channels, height, width] = shape as [number, number, number, number];
  const size = channels * height * width;
  const image = new Float32Array(size);
  for (let c = 0; c < channels; c++)
    for (let p = 0; p < height * width; p++)
      image[p * channels + c] = Number(data[n * size + c * height * width + p]);
  return image;
}

/** Spike maps of the reference, [channel][position], against ours, [position][channel]; how many values differ. */
function differing(reference: Tensor, n: number, ours: Uint8Array, channels: number): number {
  const positions = ours.length / channels;
  let wrong = 0;
  for (let p = 0; p < positions; p++)
    for (let c = 0; c < channels; c++)
      if (reference.data[n * ours.length + c * positions + p] !== ours[p * channels + c]) wrong++;
  return wrong;
}

const largestError = (logits: Float64Array, reference: Tensor, n: number): number =>
  Math.max(...logits.map((x, i) => Math.abs(x - Number(reference.data[n * logits.length + i]))));

test('the neuron rounds halves to even and clips', () => {
  const values = [-1, 0, 0.5, 0.51, 1.5, 2.5, 3.5, 4, 9];
  assert.equal(
    values.map((x) => spikeCount(x, 4)),
    [0, 0, 0, 1, 2, 2, 4, 4, 4],
  );
});

const fashion = shared('vectors/fashion-sfa');
if (!fashion) console.log('skipped: ../shared/vectors/fashion-sfa is absent');
(fashion ? test : test.skip)(
  'tiny with the reference weights: every spike map of four images equal, logits within 1e-4',
  () => {
    const net = referenceNet('tiny', `${fashion}/model.safetensors`, [28, 28, 1], 10);
    const io = read(`${fashion}/io.safetensors`);
    const run = netRunner(net);
    for (let n = 0; n < 4; n++) {
      let maps = 0;
      const logits = run(imageOf(io.get('input')!, n), (node, value) => {
        if (node.op !== 'neuron') return;
        assert.is(
          differing(io.get(`spike.${node.name}`)!, n, value.data as Uint8Array, value.shape[2]),
          0,
          node.name,
        );
        maps++;
      });
      assert.is(maps, 22);
      assert.ok(largestError(logits, io.get('logits')!, n) < 1e-4);
    }
  },
);

const nano = shared('vectors/espikeformer-nano');
if (!nano) console.log('skipped: ../shared/vectors/espikeformer-nano is absent');
(nano ? test : test.skip)(
  'E-SpikeFormer-nano: every spike map equal to the reference, at three input sizes',
  () => {
    const cases: [string, string, string][] = [
      ['io.safetensors', 'spikes.safetensors', ''],
      ['io_32x32.safetensors', 'io_32x32.safetensors', 'spike.'],
      ['io_48x80.safetensors', 'io_48x80.safetensors', 'spike.'],
    ];
    for (const [io, spikes, prefix] of cases) {
      const vectors = read(`${nano}/${io}`);
      const reference = read(`${nano}/${spikes}`);
      const input = vectors.get('input')!;
      const shape: Shape = [input.shape[2]!, input.shape[3]!, 3];
      const net = referenceNet('espikeformer-nano', `${nano}/model.safetensors`, shape, 10);
      const run = netRunner(net);
      for (let n = 0; n < input.shape[0]!; n++) {
        const logits = run(imageOf(input, n), (node, value) => {
          if (node.op !== 'neuron' || n > 0) return;
          assert.is(
            differing(reference.get(prefix + node.name)!, 0, value.data as Uint8Array, value.shape[2]),
            0,
            node.name,
          );
        });
        assert.ok(largestError(logits, vectors.get('logits')!, n) < 1e-5);
      }
    }
  },
);

test.run();
