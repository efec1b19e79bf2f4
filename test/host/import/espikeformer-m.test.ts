import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { importFile } from '../../../host/import/index.js';
import { imageOf, traceNet } from '../../../host/run/trace-net.js';
import { netRunner, type Tensor } from '../../../models/index.js';
import { reference, slow } from '../../support/needs.js';
import { read } from '../../support/reference.js';
import { shared } from '../../support/shared.js';
import { testWith } from '../../support/skip.js';

/**
 * The 10M model on real photographs. The reference's own float32 and float64 runs disagree on images 0 and 4,
 * because one value on the other side of a threshold changes all after it. So images 1, 2 and 3 are held
 * against float32, all against float64 (our sums are float64 too), and image 0, whose spikes are on file,
 * layer by layer as well. One image here; SPIKELET_SLOW=1 runs all five.
 */
const STABLE = [1, 2, 3];

const folder = shared('vectors/espikeformer-m');
const vectors = reference('vectors/espikeformer-m');

const row = ({ shape, data }: Tensor, n: number): number[] =>
  Array.from(data.slice(n * shape[1]!, (n + 1) * shape[1]!), Number);
const largest = (values: number[]): number => values.indexOf(Math.max(...values));
const error = (a: number[], b: number[]): number => Math.max(...a.map((x, i) => Math.abs(x - b[i]!)));

const medium = async (images: number[]) => {
  const { net } = await importFile(`${folder}/model.safetensors`);
  const io = read(`${folder}/io.safetensors`);
  const { shape, data } = io.get('input')!;
  const size = data.length / shape[0]!;
  for (const n of images) {
    const image = { shape: [1, ...shape.slice(1)], data: data.slice(n * size, (n + 1) * size) };
    const logits = row(traceNet(net, image).get('logits')!, 0);
    const exact = row(io.get('logits_f64')!, n);
    assert.ok(error(logits, exact) < 1e-5, `image ${n}: ${error(logits, exact)} from float64`);
    assert.is(largest(logits), largest(exact));
    if (!STABLE.includes(n)) continue;
    const single = row(io.get('logits')!, n);
    assert.ok(error(logits, single) < 1e-3, `image ${n}: ${error(logits, single)} from float32`);
    assert.is(largest(logits), largest(single));
  }
};
(await testWith([vectors]))('end to end: logits and class of an image', () => medium([1]));
(await testWith([vectors, slow]))('end to end: logits and class of four more', () => medium([0, 2, 3, 4]));

(await testWith([vectors]))(
  'layer by layer: given the spikes before, every layer spikes as the reference does',
  async () => {
    const { net } = await importFile(`${folder}/model.safetensors`);
    const io = read(`${folder}/io.safetensors`);
    const spikes = read(`${folder}/spikes.safetensors`);
    let layers = 0;
    let values = 0;
    let mismatches = 0;
    const logits = netRunner(net)(imageOf(io.get('input')!, 0), (node, { shape, data }, [before]) => {
      if (node.op !== 'neuron') return;
      const expected = spikes.get(node.name)!.data;
      const positions = shape[0] * shape[1];
      assert.is(expected.length, data.length, node.name);
      for (let p = 0; p < positions; p++)
        for (let c = 0; c < shape[2]; c++) {
          const at = p * shape[2] + c;
          const count = Number(expected[c * positions + p]);
          if (data[at] === count) continue;
          mismatches++;
          const x = before!.data[at]! * before!.unit;
          const distance = Math.abs(x - Math.floor(x) - 0.5);
          if (!(distance < 1e-4 && Math.abs(data[at]! - count) === 1))
            assert.unreachable(`${node.name}: ${x} gives ${data[at]}, not ${count}`);
          // What follows is given the reference's spike.
          data[at] = count;
        }
      layers++;
      values += data.length;
    });
    assert.is(layers, spikes.size);
    assert.is(values, 13303152);
    assert.ok(mismatches < 1e-4 * values, `${mismatches} of ${values} spikes differ`);
    console.log(`${layers} layers, ${values} spikes, ${mismatches} differ, each within 1e-4 of a threshold`);
    assert.ok(error([...logits], row(io.get('logits')!, 0)) < 1e-3);
  },
);

test.run();
