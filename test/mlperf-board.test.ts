import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boardOf } from '../firmware-gen/boards/index.js';
import { requirePlace } from '../firmware-gen/plan-board.js';
import { connectBoard } from '../host/device/board-link.js';
import { openPort } from '../host/device/port.js';
import { compileProduct } from './firmware-device.js';
import { canTry, removeFolders } from './firmware-project.js';
import { withRunner } from './mlperf-device.js';
import { graph, images, logitsOf, pixelsOf } from './mlperf-example.js';
import { resultsLine, thousandths } from './mlperf-results.js';

/** The firmware of `spikelet build` on emulated boards, with a runner of MLPerf Tiny at the other end of the line. */
for (const board of ['mps2-an386', 'rp2040'].map(boardOf))
  if (await canTry(board))
    test(`${board.name}: a runner loads images, gets the results of the interpreter and a time for each window`, async () => {
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
    });

test.after(removeFolders);
test.run();
