import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cores, emitVerilog, simulationPorts } from '../../../fpga/emit/index.js';
import { compileCxxrtlCore } from '../../../host/eda/cxxrtl-core.js';
import { rtlFiles } from '../../../host/eda/rtl-files.js';
import { simulatorOf, simulatorThere } from '../../../host/eda/simulator.js';
import { harnessArguments, loadedWeights } from '../../../host/eda/verilator.js';
import { verifyVerilog } from '../../../host/run/verify.js';
import { crcOf, interpret } from '../../../models/index.js';
import { cxxrtl } from '../../support/needs.js';
import { randomGraph, seeded } from '../../support/random-graph.js';
import { testWith } from '../../support/skip.js';
import { randomPixels } from '../../support/wasm-models.js';

/**
 * A Graph's Verilog, simulated by npm packages alone, its maps and part of its weights in single-port RAM.
 */
(await testWith(cxxrtl))(
  'every tensor of every frame equals the interpreter, with and without stalls',
  async () => {
    const random = seeded(11);
    const graph = randomGraph(random, 6);
    const files = [...emitVerilog(graph, { lanes: 4, sprams: 2 }), ...(await rtlFiles(cores.sequential))];
    const weights = loadedWeights(files);
    assert.ok(weights.length, 'no weights are in single-port RAM');
    const core = await compileCxxrtlCore(
      files.filter(({ path }) => path !== 'weights.bin'),
      simulationPorts(graph),
    );
    const frames = Array.from({ length: 6 }, (_, i) => randomPixels(graph, random, i / 5));
    for (const stall of [0, 0.5]) {
      const lines = core(harnessArguments(graph, { stall, seed: 5 }, weights), frames, weights);
      assert.is(lines.length, frames.length);
      frames.forEach((pixels, i) => {
        const crcs: number[] = [];
        const logits = [...interpret(graph, pixels, (_, values) => crcs.push(crcOf(values)))];
        const found = JSON.parse(lines[i]!) as { logits: number[]; tensors: { crc: number }[] };
        assert.equal(found.logits, logits);
        assert.equal(
          found.tensors.map(({ crc }) => crc),
          crcs,
        );
      });
    }
  },
);

(await testWith(cxxrtl))(
  'where Verilator is missing CXXRTL is taken, and says what it works at',
  async () => {
    const random = seeded(12);
    const graph = randomGraph(random, 3);
    const path = process.env['PATH'];
    const notes: string[] = [];
    process.env['PATH'] = '/nowhere';
    try {
      assert.is(await simulatorThere(), 'cxxrtl');
      const note = (line: string) => void notes.push(line);
      const simulate = await simulatorOf(graph, '/nowhere', { lanes: 2, note });
      const { equal } = await verifyVerilog(graph, simulate, [randomPixels(graph, random, 0.5)]);
      assert.is(equal, 1);
    } finally {
      process.env['PATH'] = path;
    }
    assert.match(notes[0]!, 'CXXRTL');
    assert.match(notes[1]!, /^compiled in \d+ s$/);
  },
);

test.run();
