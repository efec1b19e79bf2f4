import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fpgaBoardOf } from '../../../fpga/boards/index.js';
import { emitProject } from '../../../fpga/project.js';
import { withFpga } from '../../../host/device/fpga-session.js';
import { simulatedPort } from '../../../host/device/simulated-port.js';
import { rtlFiles } from '../../../host/eda/rtl-files.js';
import { connect, simulateBoard } from '../../../host/eda/simulated-board.js';
import { profileFpga } from '../../../host/run/profile-fpga.js';
import { verifyFpga } from '../../../host/run/verify-fpga.js';
import { interpret } from '../../../models/index.js';
import { cxxrtl, socat } from '../../support/needs.js';
import { createPty } from '../../support/pty.js';
import { randomGraph, seeded } from '../../support/random-graph.js';
import { testWith } from '../../support/skip.js';
import { randomPixels } from '../../support/wasm-models.js';

/** A Graph's whole design on a board that CXXRTL simulates: verified and profiled over a real serial port. */
(await testWith([...cxxrtl, socat]))(
  'verify and profile at a port: logits and spikes equal, cycles add up; another configuration is refused',
  async () => {
    const board = fpgaBoardOf('icebreaker');
    const random = seeded(11);
    const graph = randomGraph(random, 5);
    const options = { lanes: 4 };
    const { files, rtl } = emitProject(graph, board, options);
    const design = [...(await rtlFiles(rtl)), ...files].filter(({ path }) => path !== 'weights.bin');
    const simulated = await simulateBoard(design, board);
    const images = [0.3, 1, 0].map((density) => randomPixels(graph, random, density));
    const pty = await createPty();
    const disconnect = connect(simulated, pty, 200_000);
    const target = { graph, board, options, port: pty.path, note: () => {} };
    try {
      await withFpga(target, async (session) => {
        assert.is(session.simulated, false);
        const { equal, firstDifference } = await verifyFpga(graph, session, images);
        assert.equal([equal, firstDifference], [3, null]);
        const about = { device: 'board', clockHz: board.clockHz, lanes: 4 };
        const { total, layers, samples } = await profileFpga(graph, session, images, about);
        let fired = 0;
        for (const image of images)
          interpret(graph, image, (tensor, values) => {
            if (graph.tensors[tensor]!.kind === 'spikes') for (const value of values) fired += value;
          });
        assert.is(samples, 3);
        assert.ok(Math.abs(total.spikes - fired / 3) < 1e-9);
        const cycles = layers.reduce((sum, { cost }) => sum + cost!, 0);
        assert.ok(cycles > 0 && cycles <= total.cost, `${cycles} of ${total.cost}`);
        assert.is(total.seconds, total.cost / board.clockHz);
        assert.ok(total.linkSeconds! > total.seconds!, `${total.linkSeconds} s over the link`);
      });
      const last = graph.nodes.at(-1)!;
      if (last.op !== 'accumulate') throw new Error('the graph ends in no readout');
      const weights = Int8Array.from(graph.data.get(last.weights)!, (w, i) => (i ? w : w ? 0 : 1));
      const other = { ...graph, data: new Map(graph.data).set(last.weights, weights) };
      let refusal = '';
      await withFpga({ ...target, graph: other }, async () => {}).catch((error: Error) => {
        refusal = error.message;
      });
      assert.match(
        refusal,
        /the configuration of icebreaker is [0-9a-f]{8}, but '.*' with these options has [0-9a-f]{8}/,
      );
    } finally {
      disconnect();
      await pty.close();
    }
    // And without a line in between, as where no port is given.
    const port = simulatedPort(simulated, board.clockHz);
    await port.write(Uint8Array.of(1, 0, 0, 1, 2));
    assert.equal([...(await port.read(3, 10))], [0x15, 0, 0]);
  },
);

test.run();
