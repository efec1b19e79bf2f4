import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { importFile } from '../../host/import/index.js';
import { traceNet } from '../../host/run/trace-net.js';
import type { Tensor } from '../../models/index.js';
import { spikeCount } from '../../models/run.js';
import { reference } from '../support/needs.js';
import { read } from '../support/reference.js';
import { shared } from '../support/shared.js';
import { testWith } from '../support/skip.js';

const largestError = (a: Tensor, b: Tensor): number =>
  (a.data as Float32Array).reduce((most, x, i) => Math.max(most, Math.abs(x - Number(b.data[i]))), 0);

/** Every spike map of the reference's first image: same name, same shape, same counts; returns how many. */
function compareSpikes(trace: Map<string, Tensor>, reference: Map<string, Tensor>): number {
  for (const [name, expected] of reference) {
    const found = trace.get(name);
    assert.equal(found?.shape, expected.shape, name);
    assert.ok(
      Buffer.compare(found!.data as Uint8Array, expected.data as Uint8Array) === 0,
      `${name} differs`,
    );
  }
  return reference.size;
}

const withPrefix = (tensors: Map<string, Tensor>, prefix: string): Map<string, Tensor> =>
  new Map(
    [...tensors].flatMap(([name, tensor]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), tensor] as const] : [],
    ),
  );

test('the neuron rounds halves to even and clips', () => {
  const values = [-1, 0, 0.5, 0.51, 1.5, 2.5, 3.5, 4, 9];
  assert.equal(
    values.map((x) => spikeCount(x, 4)),
    [0, 0, 0, 1, 2, 2, 4, 4, 4],
  );
});

const fashion = shared('vectors/fashion-sfa');
(await testWith([reference('vectors/fashion-sfa')]))(
  'tiny with the reference weights: every spike map of four images equal, logits within 1e-4',
  async () => {
    const { net } = await importFile(`${fashion}/model.safetensors`);
    const io = read(`${fashion}/io.safetensors`);
    const input = io.get('input')!;
    const logits = io.get('logits')!;
    const part = ({ shape, data }: Tensor, n: number): Tensor => {
      const size = data.length / shape[0]!;
      return { shape: [1, ...shape.slice(1)], data: data.slice(n * size, (n + 1) * size) };
    };
    for (let n = 0; n < 4; n++) {
      const trace = traceNet(net, part(input, n));
      const maps = [...withPrefix(io, 'spike.')].map(([name, map]) => [name, part(map, n)] as const);
      assert.is(compareSpikes(trace, new Map(maps)), 22);
      assert.ok(largestError(trace.get('logits')!, part(logits, n)) < 1e-4);
    }
  },
);

const nano = shared('vectors/espikeformer-nano');
(await testWith([reference('vectors/espikeformer-nano')]))(
  'E-SpikeFormer-nano: every spike map equal to the reference, at three input sizes',
  async () => {
    // The legacy pickle, for a change; all formats give the same Net.
    const { net } = await importFile(`${nano}/state_dict_legacy.pth`);
    for (const [io, spikes, prefix] of [
      ['io.safetensors', 'spikes.safetensors', ''],
      ['io_32x32.safetensors', 'io_32x32.safetensors', 'spike.'],
      ['io_48x80.safetensors', 'io_48x80.safetensors', 'spike.'],
    ] as const) {
      const vectors = read(`${nano}/${io}`);
      const trace = traceNet(net, vectors.get('input')!);
      const neurons = net.nodes.filter(({ op }) => op === 'neuron').length;
      assert.is(compareSpikes(trace, withPrefix(read(`${nano}/${spikes}`), prefix)), neurons);
      assert.is(trace.size, neurons + 1);
      assert.ok(largestError(trace.get('logits')!, vectors.get('logits')!) < 1e-5);
    }
  },
);

test.run();
