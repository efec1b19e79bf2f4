import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { datapaths, emitVerilog, simulationPorts } from '../../fpga/emit/index.js';
import { compileVerilator, verilogFiles } from '../../host/eda/verilator.js';
import { verifyVerilog } from '../../host/run/verify.js';
import { interpret, ops } from '../../models/index.js';
import { lint, traced } from '../support/fpga-icarus.js';
import { iverilog, verilator, verilatorBuilds } from '../support/needs.js';
import { everyKind, pick, randomGraph, seeded } from '../support/random-graph.js';
import { testWith } from '../support/skip.js';
import { randomPixels } from '../support/wasm-models.js';

const folder = mkdtempSync(join(tmpdir(), 'spikelet-verilog-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const withIcarus = await testWith([iverilog]);

/** A random graph and how it becomes Verilog; `random` goes on. */
function randomDesign(seed: number) {
  const random = seeded(seed);
  const graph = randomGraph(random, 5, everyKind);
  return { random, graph, options: { lanes: pick(random, [1, 3, 4, 8]), datapath: datapaths[seed % 3]! } };
}

withIcarus(
  'random graphs, lanes and datapaths: every value of every tensor equals the interpreter',
  async () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 16; seed++) {
      const { random, graph, options } = randomDesign(seed);
      for (const node of graph.nodes)
        seen.add(node.op === 'accumulate' ? `${node.op} ${node.end.kind} ${node.bits}` : node.op);
      const pixels = randomPixels(graph, random, pick(random, [0, 0.2, 0.6, 1]));
      const expected: number[][] = [];
      const logits = [...interpret(graph, pixels, (_, values) => expected.push([...values]))];
      const where = join(folder, `random ${seed}`);
      const files = await verilogFiles(graph, options);
      const found = traced(where, files, graph, pixels, {
        stall: pick(random, [0, 100]),
        traces: simulationPorts(graph).traces,
      });
      assert.equal(
        found,
        { tensors: expected, logits, stalled: [] },
        `seed ${seed}, ${JSON.stringify(options)}`,
      );
    }
    for (const op of Object.keys(ops))
      assert.ok(
        [...seen].some((what) => what.startsWith(op)),
        `no graph had ${op}`,
      );
    for (const end of ['fire', 'charge', 'readout'])
      assert.ok(
        [...seen].some((what) => what.includes(end)),
        `no graph had a ${end}`,
      );
    for (const bits of [8, 6, 4])
      assert.ok(
        [...seen].some((what) => what.endsWith(String(bits))),
        `no ${bits} bits`,
      );
  },
);

(await testWith([verilator]))('the Verilog of random graphs is linted', async () => {
  for (const seed of [4, 8, 12, 16]) {
    const { graph, options } = randomDesign(seed);
    lint(join(folder, `linted ${seed}`), await verilogFiles(graph, options));
  }
});

(await testWith(verilatorBuilds))(
  'frame after frame in Verilator, stalled at random: every CRC is equal, and a change is found',
  async () => {
    const random = seeded(7);
    const graph = randomGraph(random, 6);
    const images = Array.from({ length: 12 }, (_, i) => randomPixels(graph, random, i / 11));
    const simulate = await compileVerilator(graph, join(folder, 'verilator'), { lanes: 4 });
    const plain = await verifyVerilog(graph, simulate, images);
    assert.is(plain.equal, 12);
    assert.is(plain.firstDifference, null);
    const stalled = await verifyVerilog(graph, simulate, images, { stall: 0.6, seed: 3 });
    assert.is(stalled.equal, 12);
    assert.ok(stalled.stalls > plain.stalls, 'nothing was stalled');
    assert.ok(stalled.cycles > plain.cycles, 'stalls took no time');
    // The core of one graph against the interpreter of another.
    const last = graph.nodes.at(-1)!;
    if (last.op !== 'accumulate' || last.end.kind !== 'readout')
      throw new Error('the graph ends in no readout');
    const { shift } = last.end;
    const bias = Int32Array.from(graph.data.get(last.end.bias)!, (x) => x + (1 << shift));
    const changed = { ...graph, data: new Map(graph.data).set(last.end.bias, bias) };
    const wrong = await verifyVerilog(changed, simulate, images);
    assert.is(wrong.equal, 0);
    assert.is(wrong.firstDifference?.tensor, last.output);
  },
);

test('lanes that are not possible are refused', () => {
  assert.throws(() => emitVerilog(randomGraph(seeded(1), 4), { lanes: 0 }), /0 lanes/);
});

test.run();
