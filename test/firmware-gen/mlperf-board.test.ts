import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boardOf } from '../../firmware-gen/boards/index.js';
import { requirePlace } from '../../firmware-gen/plan-board.js';
import { connectBoard } from '../../host/device/board-link.js';
import { openPort } from '../../host/device/port.js';
import { compileProduct } from '../support/firmware-device.js';
import { removeFolders } from '../support/firmware-project.js';
import { openSerial } from '../support/firmware-serial.js';
import { withRunner } from '../support/mlperf-device.js';
import { graph, images, logitsOf, pixelsOf } from '../support/mlperf-example.js';
import { resultsLine, thousandths } from '../support/mlperf-results.js';
import { boardNeeds } from '../support/needs.js';
import { testWith } from '../support/skip.js';

/**
 * The firmware of `spikelet build` on emulated boards, with a runner of MLPerf Tiny at the other end of the
 * line.
 */
for (const board of ['mps2-an386', 'rp2040'].map(boardOf))
  (await testWith(boardNeeds(board)))(
    `${board.name}: a runner loads images, gets the results of the interpreter and a time for each window`,
    async () => {
      await withRunner(
        board,
        await compileProduct(board, requirePlace(board, graph)),
        async (runner, { port }) => {
          assert.is(runner.name, board.name);
          assert.is(runner.model, graph.name);
          const times: number[] = [];
          for (const raw of images.slice(0, 3)) {
            await runner.load(raw);
            const expected = resultsLine(thousandths(graph, logitsOf(raw)));
            const once = await runner.infer(1, 0);
            assert.is(`m-results-[${once.resultsText}]`, expected);
            const tenTimes = await runner.infer(10, 2);
            assert.is(tenTimes.resultsText, once.resultsText);
            times.push(once.elapsedUs, tenTimes.elapsedUs);
          }
          assert.ok(
            times.every((us) => us > 0),
            `${times} us`,
          );
          // Another protocol on the same line in between changes nothing.
          await runner.close();
          const line = await openPort(port, { baud: board.serial.baud });
          try {
            const link = await connectBoard(line, { helloMs: 30_000 });
            const { logits } = await link.infer(pixelsOf(images[1]!));
            assert.equal([...logits], [...logitsOf(images[1]!)]);
          } finally {
            await line.close();
          }
        },
      );
    },
  );

const emulated = boardOf('mps2-an386');
(await testWith(boardNeeds(emulated)))(
  `${emulated.name}: an infer that would take days is broken off, by a command or by a frame of the link`,
  async () => {
    const program = await compileProduct(emulated, requirePlace(emulated, graph));
    await withRunner(emulated, program, async (runner, { port }) => {
      await runner.load(images[0]!);
      await runner.close();
      const line = await openSerial(port);
      try {
        await line.greet('%');
        const until = async (wanted: RegExp) => {
          for (let tries = 0; tries < 50; tries++) if (wanted.test(await line.line())) return;
          assert.unreachable(String(wanted));
        };
        line.send('infer 1000000000 0%');
        await until(/^m-infer-start-1000000000$/);
        line.send('name%');
        await until(/^e-\[Stopped after \d+ of 1000000000 inferences\]$/);
        await until(/^m-ready$/);
        await until(/^m-name-dut-\[mps2-an386\]$/);
        line.send('infer 1 1000000000%');
        await until(/^m-warmup-start-1000000000$/);
      } finally {
        await line.close();
      }
      const other = await openPort(port, { baud: emulated.serial.baud });
      try {
        const link = await connectBoard(other, { helloMs: 30_000 });
        assert.equal([...(await link.infer(pixelsOf(images[1]!))).logits], [...logitsOf(images[1]!)]);
      } finally {
        await other.close();
      }
    });
  },
);

test.after(removeFolders);
test.run();
