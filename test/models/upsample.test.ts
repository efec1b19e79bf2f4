import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { emitVerilog, simulationPorts } from '../../fpga/emit/index.js';
import { verilogFiles } from '../../host/eda/verilator.js';
import { verifyWasm } from '../../host/run/verify.js';
import { useBackend } from '../../host/train/backend.js';
import { checkTrainable } from '../../host/train/forward.js';
import { toValues } from '../../host/train/layout.js';
import { gradientStep } from '../../host/train/step.js';
import {
  activationSparsity,
  checkParams,
  fired,
  type Graph,
  initialParams,
  interpret,
  type Net,
  type NetConv,
  type NetNode,
  netRunner,
  netShapes,
  prove,
  readGraph,
  readNet,
  SpikeletError,
  writeGraph,
  writeNet,
} from '../../models/index.js';
import type { Values } from '../../models/ops/op.js';
import { quantize } from '../../quantize/index.js';
import { traced } from '../support/fpga-icarus.js';
import { iverilog } from '../support/needs.js';
import { seeded } from '../support/random-graph.js';
import { testWith } from '../support/skip.js';
import { compiled, randomPixels } from '../support/wasm-models.js';

const conv = (name: string, input: string, more: Partial<NetConv>): NetConv => {
  const node = {
    in: 1,
    out: 3,
    kernel: [1, 1],
    stride: [1, 1],
    padding: [0, 0],
    groups: 1,
    bias: true,
  } as const;
  const full = { op: 'conv' as const, name, input, ...structuredClone(node), ...more } as NetConv;
  return { ...full, weightShape: [full.out, full.in, ...full.kernel] };
};

const netOf = (nodes: NetNode[]): Net => ({
  name: 'up',
  input: { shape: [4, 5, 1], mean: [0], std: [1] },
  nodes,
  classes: ['a', 'b'],
  params: initialParams(nodes, seeded(3)),
});

const FACTOR = 2;
const up: NetNode = { op: 'upsample', name: 'up', input: 'n', factor: FACTOR };

/** A conv that fires, twice the rows and columns, a dense layer. */
const spiking = netOf([
  conv('c', 'input', { kernel: [3, 3], padding: [1, 1] }),
  { op: 'neuron', name: 'n', input: 'c', levels: 4, divisor: 4 },
  up,
  conv('head', 'up', { in: 3, out: 2, kernel: [4 * FACTOR, 5 * FACTOR] }),
]);

const image = (seed: number) => {
  const random = seeded(seed);
  return Float32Array.from({ length: 20 }, () => 8 * random() - 2);
};

/** [row][column][channel] with every place repeated. */
function repeated(values: ArrayLike<number>, [rows, columns, channels]: number[], factor: number): number[] {
  const out: number[] = [];
  for (let r = 0; r < rows! * factor; r++)
    for (let c = 0; c < columns! * factor; c++)
      for (let ch = 0; ch < channels!; ch++)
        out.push(values[(Math.floor(r / factor) * columns! + Math.floor(c / factor)) * channels! + ch]!);
  return out;
}

test('a Net repeats every place, counts and their unit', () => {
  checkParams(spiking);
  assert.equal(netShapes(spiking).get('up'), [8, 10, 3]);
  const seen = new Map<string, { data: number[]; unit: number }>();
  netRunner(spiking)(image(1), ({ name }, { data, unit }) => void seen.set(name, { data: [...data], unit }));
  const { data, unit } = seen.get('n')!;
  assert.ok(
    data.some((count) => count > 0),
    'nothing fired',
  );
  assert.equal(seen.get('up'), { data: repeated(data, [4, 5, 3], FACTOR), unit });
  assert.equal(readNet(writeNet(spiking)).nodes, spiking.nodes);
});

const graph = quantize(
  spiking,
  [1, 2, 3].map((seed) => image(seed)),
  { bits: 8 },
);

test('its Graph repeats counts exactly, in the interpreter and in WebAssembly', async () => {
  const pixels = [0, 0.5, 1].map((density) => randomPixels(graph, seeded(9), density));
  const seen = new Map<string, Values>();
  interpret(graph, pixels[2]!, (name, values) => void seen.set(name, values.slice()));
  assert.equal([...seen.get('up')!], repeated(seen.get('n')!, [4, 5, 3], FACTOR));
  const packed = new Set(['n', 'up']);
  for (const tier of ['swar', 'simd'] as const)
    for (const choices of [new Set<string>(), packed, new Set(['n']), new Set(['up'])]) {
      const linked = await compiled(graph, tier, { packed: choices, columns: new Map(), fetches: new Map() });
      for (const options of [{}, { band: 1 }, { band: 3 }]) {
        const { equal, firstDifference } = verifyWasm(graph, (await linked(options)).model, pixels);
        assert.equal({ equal, firstDifference }, { equal: 3, firstDifference: null });
      }
    }
  assert.equal(readGraph(writeGraph(graph)).nodes, graph.nodes);
});

(await testWith([iverilog]))('and in Verilog, every value of every tensor', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spikelet-upsample-'));
  try {
    const pixels = randomPixels(graph, seeded(9), 0.7);
    const tensors: number[][] = [];
    const logits = [...interpret(graph, pixels, (_, values) => tensors.push([...values]))];
    const found = traced(folder, await verilogFiles(graph, { lanes: 3 }), graph, pixels, {
      stall: 50,
      traces: simulationPorts(graph).traces,
    });
    assert.equal(found, { tensors, logits, stalled: [] });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('what is repeated was fired once', () => {
  assert.equal(fired(graph), ['n']);
  assert.is(activationSparsity(graph), 1 - graph.tensors['n']!.activity!.density);
});

const isError = (text: RegExp) => (error: unknown) =>
  error instanceof SpikeletError && text.test(error.message) && Boolean(error.hint);

test('refuses factors out of bounds, other levels, and a membrane', () => {
  for (const factor of [1, 17, 1.5, Number.NaN]) {
    const nodes = spiking.nodes.map((node) => (node === up ? { ...up, factor } : node)) as NetNode[];
    assert.throws(
      () => netShapes({ ...spiking, nodes }),
      isError(/factor must be a whole number from 2 to 16/),
    );
    assert.throws(() => writeNet({ ...spiking, nodes }), isError(/nodes\.2\.factor/));
    const changed = graph.nodes.map((node) => (node.name === 'up' ? { ...node, factor } : node));
    assert.throws(
      () => prove({ ...graph, nodes: changed } as Graph),
      isError(/factor must be a whole number from 2 to 16/),
    );
  }
  const tensors = { ...graph.tensors, up: { ...graph.tensors['up']!, levels: 5 } };
  assert.throws(
    () => prove({ ...graph, tensors }),
    isError(/repeats counts up to 4, 'up' has levels up to 5/),
  );
  const early = netOf([
    spiking.nodes[0]!,
    { ...up, input: 'c' } as NetNode,
    { op: 'neuron', name: 'n', input: 'up', levels: 4, divisor: 4 },
    conv('head', 'n', { in: 3, out: 2, kernel: [4 * FACTOR, 5 * FACTOR] }),
  ]);
  assert.throws(() => quantize(early, [image(1)], { bits: 8 }), isError(/'up': repeats 'c'/));
  assert.throws(
    () => emitVerilog(graph, { architecture: 'streaming' }),
    isError(/streaming architecture has no core for 'up' \(upsampling\)/),
  );
});

/**
 * A net without neurons, of which everything is linear, and the same without upsampling: weights are sums
 * over copies.
 */
function linear(): { wide: Net; narrow: Net } {
  const first = conv('c', 'input', {});
  const wide = netOf([
    first,
    { ...up, input: 'c' } as NetNode,
    conv('head', 'up', { in: 3, out: 2, kernel: [4 * FACTOR, 5 * FACTOR] }),
  ]);
  const narrow = netOf([first, conv('head', 'c', { in: 3, out: 2, kernel: [4, 5] })]);
  for (const name of ['c.weight', 'c.bias', 'head.bias']) narrow.params.set(name, wide.params.get(name)!);
  const from = wide.params.get('head.weight')!.data as Float32Array;
  const to = (narrow.params.get('head.weight')!.data as Float32Array).fill(0);
  from.forEach((w, i) => {
    const [column, row, channel] = [i % 10, Math.floor(i / 10) % 8, Math.floor(i / 80)];
    const at = (channel * 4 + Math.floor(row / FACTOR)) * 5 + Math.floor(column / FACTOR);
    to[at] = to[at]! + w;
  });
  return { wide, narrow };
}

test('training: the gradient of a place is the sum over its copies', async () => {
  const { wide, narrow } = linear();
  checkTrainable(wide);
  const images = new Float32Array(40);
  images.set(image(1));
  images.set(image(2), 20);
  const batch = { count: 2, images, labels: Int32Array.of(0, 1) };
  const options = { labelSmoothing: 0, penalty: { strength: 0, weights: new Map<string, number>() } };
  for (const backend of ['cpu', 'wasm'] as const) {
    await useBackend(backend);
    const [a, b] = [wide, narrow].map((net) => gradientStep(net, toValues(net), batch, options));
    assert.ok(Math.abs(a!.loss - b!.loss) < 1e-5, `${a!.loss} and ${b!.loss}`);
    for (const name of ['c.weight', 'c.bias'])
      a!.gradients.get(name)!.forEach((value, i) => {
        const expected = b!.gradients.get(name)![i]!;
        assert.ok(expected !== 0 && Math.abs(value - expected) < 1e-4 * (1 + Math.abs(expected)), name);
      });
  }
});

test.run();
