import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { datapaths, emitVerilog, simulationPorts } from '../../fpga/emit/index.js';
import { edgesOf } from '../../fpga/emit/streaming/edges.js';
import { identifiers } from '../../fpga/emit/streaming/text.js';
import { compileVerilator, verilogFiles } from '../../host/eda/verilator.js';
import { verifyVerilog } from '../../host/run/verify.js';
import { type Graph, interpret } from '../../models/index.js';
import { lint, traced } from '../support/fpga-icarus.js';
import { iverilog, verilator, verilatorBuilds } from '../support/needs.js';
import { feedForward, GraphBuilder, pick, randomGraph, seeded } from '../support/random-graph.js';
import { testWith } from '../support/skip.js';
import { randomPixels } from '../support/wasm-models.js';

/** The streaming architecture: a core per layer. */
const folder = mkdtempSync(join(tmpdir(), 'spikelet-streaming-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const streaming = { architecture: 'streaming' } as const;
const withIcarus = await testWith([iverilog]);

/** A random graph and how it becomes Verilog; `random` goes on. */
function randomDesign(seed: number) {
  const random = seeded(seed);
  const graph = randomGraph(random, 5, feedForward);
  const options = { ...streaming, lanes: pick(random, [1, 3, 4, 8]), datapath: datapaths[seed % 3]! };
  return { random, graph, options };
}

withIcarus(
  'random graphs: every value of every tensor equals the interpreter, and every FIFO was stalled',
  async () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 8; seed++) {
      const { random, graph, options } = randomDesign(seed);
      const pixels = randomPixels(graph, random, pick(random, [0, 0.2, 0.6, 1]));
      const expected: number[][] = [];
      const logits = [...interpret(graph, pixels, (_, values) => expected.push([...values]))];
      const where = join(folder, `random ${seed}`);
      const files = await verilogFiles(graph, options);
      for (const [, core] of String(files[0]!.contents).matchAll(/^ {2}(\w+) #\(/gm)) seen.add(core!);
      const { traces, fifos } = simulationPorts(graph, options);
      const stall = seed % 2 ? 0 : 100;
      const found = traced(where, files, graph, pixels, { stall, frames: 2, traces, fifos: fifos.length });
      const twice = (values: number[]) => [...values, ...values];
      assert.equal(
        { tensors: found.tensors, logits: found.logits },
        { tensors: expected.map(twice), logits: twice(logits) },
        `seed ${seed}, ${JSON.stringify(options)}`,
      );
      found.stalled.forEach((clocks, at) => {
        // A stream of a few values may by chance go past all stalls.
        const { tensor } = edgesOf(graph)[at]!;
        const values = graph.tensors[tensor]!.shape.reduce((a, b) => a * b);
        if (stall && values > 20) assert.ok(clocks > 0, `seed ${seed}: ${fifos[at]} never stalled`);
        if (!stall) assert.is(clocks, 0);
      });
    }
    for (const core of [
      ...['window', 'spike_accumulate', 'depthwise_accumulate', 'thresholds', 'charge'],
      ...['window_sum', 'map_sum', 'stream_fifo', 'stream_fork'],
    ])
      assert.ok(seen.has(core), `no graph had a ${core}`);
  },
);

(await testWith([verilator]))('the Verilog of a random graph is linted', async () => {
  const { graph, options } = randomDesign(8);
  lint(join(folder, 'linted'), await verilogFiles(graph, options));
});

const same = { stride: [1, 1] as [number, number], groups: 1 };

/** Two residual branches, the second around two kernels. */
function residuals(): ReturnType<typeof randomGraph> {
  const b = new GraphBuilder(seeded(5), [8, 8, 1]);
  const kernel = (side: number) => ({
    ...same,
    kernel: [side, side] as [number, number],
    padding: [side >> 1, side >> 1] as [number, number],
  });
  const charge = { kind: 'charge', type: 'i16', saturate: true } as const;
  const fires = { kind: 'fire', levels: 4 } as const;
  const x = b.accumulate('stem', 'input', { ...kernel(3), out: 4 }, charge);
  const point = b.accumulate('a.1', b.fire('a.0', x, 4, true), { ...kernel(1), out: 4 }, fires);
  const deep = b.accumulate('a.2', point, { ...kernel(5), out: 4, groups: 4 }, fires);
  const y = b.accumulate('a.3', deep, { ...kernel(1), out: 4 }, { ...charge, residual: x });
  const wide = b.accumulate('b.1', b.fire('b.0', y, 4, false), { ...kernel(3), out: 8 }, fires, 6);
  const z = b.accumulate('b.2', wide, { ...kernel(3), out: 4 }, { ...charge, residual: y }, 4);
  const last = b.fire('last', b.pool('pool', z, [8, 8], [1, 1]), 4, true, 2000);
  b.accumulate('head', last, { ...kernel(1), out: 3 }, { kind: 'readout' });
  return b.graph;
}

const residualEdges = (graph: Graph) => edgesOf(graph).filter((edge) => edge.residual);

test('residual FIFOs are as deep as the branch parallel to them needs', () => {
  // 4 channels of two rows of 8 places and three more: of one 5x5 kernel, and of two 3x3 kernels.
  assert.equal(
    residualEdges(residuals()).map(({ least }) => least),
    [19 * 4, 19 * 4],
  );
});

withIcarus('residual FIFOs of that depth are enough, and those of half of that are not', async () => {
  const graph = residuals();
  const residual = residualEdges(graph);
  const pixels = randomPixels(graph, seeded(3), 0.6);
  const options = { ...streaming, lanes: 4 };
  const files = await verilogFiles(graph, options);
  const { traces, fifos } = simulationPorts(graph, options);
  const run = (depth: number) => {
    const top = String(files[0]!.contents).replaceAll(`.DEPTH(${residual[0]!.depth})`, `.DEPTH(${depth})`);
    assert.is.not(top, files[0]!.contents);
    const changed = [{ path: files[0]!.path, contents: top }, ...files.slice(1)];
    const how = { stall: 60, traces, fifos: fifos.length };
    return traced(join(folder, `depth ${depth}`), changed, graph, pixels, how);
  };
  const { least } = residual[0]!;
  assert.equal(run(least).logits, [...interpret(graph, pixels)]);
  assert.throws(() => run(least / 2), /nothing moves/);
});

(await testWith(verilatorBuilds))(
  'frames that follow each other overlap and are equal, with every FIFO stalled and without',
  async () => {
    const graph = residuals();
    const random = seeded(7);
    const images = Array.from({ length: 8 }, (_, i) => randomPixels(graph, random, i / 7));
    const simulate = await compileVerilator(graph, join(folder, 'verilator'), { ...streaming, lanes: 4 });
    const alone = await verifyVerilog(graph, simulate, images);
    assert.is(alone.equal, 8);
    const overlapped = await verifyVerilog(graph, simulate, images, { overlap: true });
    assert.is(overlapped.equal, 8);
    assert.ok(overlapped.interval < alone.interval, 'frames did not overlap');
    const stalled = await verifyVerilog(graph, simulate, images, { stall: 0.5, seed: 3, overlap: true });
    assert.is(stalled.equal, 8);
    assert.is(stalled.fifos.length, edgesOf(graph).length);
    for (const clocks of stalled.fifos) assert.ok(clocks > 0, 'a FIFO never stalled');
  },
);

test('a layer of any name has unique names in Verilog', () => {
  const id = identifiers();
  const names = ['a', 'a.in', 'a_in', 'o', 'o.trace', 'pixels', '1x1', 'a.in', 'spikes'];
  assert.equal(names.map(id), [
    ...['a', 'a_in_layer', 'a_in_layer_2', 'n_o', 'n_o_trace', 'pixels_2', 'n_1x1', 'a_in_layer', 'n_spikes'],
  ]);
});

test('attention is refused with a hint, and so are lanes that are not possible', () => {
  const attends = Array.from({ length: 20 }, (_, seed) => randomGraph(seeded(seed), 6)).find(({ nodes }) =>
    nodes.some(({ op }) => op === 'attend'),
  )!;
  try {
    emitVerilog(attends, streaming);
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /no core for '.+' \(attention\)/);
    assert.match((error as { hint: string }).hint, /--architecture sequential/);
  }
  assert.throws(() => emitVerilog(residuals(), { ...streaming, lanes: 0 }), /0 lanes/);
});

test.run();
