import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { boardOf } from '../../firmware-gen/boards/index.js';
import { requirePlace } from '../../firmware-gen/plan-board.js';
import { emulate } from '../../host/device/emulate.js';
import { writeFiles } from '../../host/system/files.js';
import { interpret, pixelTable, rawImage, rawToPixels } from '../../models/index.js';
import { compileProduct } from '../support/firmware-device.js';
import { canTry, removeFolders, temporaryFolder } from '../support/firmware-project.js';
import { withRunner } from '../support/mlperf-device.js';
import { resultsLine, thousandths } from '../support/mlperf-results.js';
import { verdict } from './cli.js';
import { fashion, fashionGraph } from './nets.js';

/**
 * `npm run bench -- mlperf [GRAPH]`: MLPerf Tiny's protocol with the firmware on emulated boards, 200 test
 * images of Fashion-MNIST for accuracy, five windows of 10 s for performance. Results are compared with the
 * interpreter's to the last digit.
 *
 * QEMU counts instructions here, 64 ns each: the time is that of this count, neither a board's nor this
 * machine's.
 *
 * MLPERF_RUNNER=tiny/benchmark/runner: the Python of the public runner, of github.com/mlcommons/tiny,
 * measures the first board's accuracy and performance too (test/proofs/mlperf-public.py, run by PYTHON).
 */
const IMAGES = 200;
const WINDOWS = 5;
const WINDOW_US = 10e6;
const trials = [
  { name: 'mps2-an386', images: IMAGES, windows: WINDOWS },
  { name: 'rp2040', images: 20, windows: 0 },
];

const { graph } = await fashionGraph(0);
const { test, shape, classes } = (await fashion()).data;
const table = pixelTable(graph);
const images = Array.from({ length: IMAGES }, (_, i) => rawImage(test, shape, i));
const expected = images.map((raw) => {
  const logits = interpret(graph, rawToPixels(table, raw));
  return { line: resultsLine(thousandths(graph, logits)), best: bestOf([...logits]) };
});

function bestOf(values: number[]): number {
  return values.indexOf(Math.max(...values));
}

for (const { name, images: count, windows } of trials) {
  const board = boardOf(name);
  if (!(await canTry(board))) continue;
  const program = await compileProduct(board, requirePlace(board, graph));
  await withRunner(
    board,
    program,
    async (runner) => {
      console.log(`           ${runner.name}, ${runner.profile}, ${runner.model}`);
      let [equal, right, wanted] = [0, 0, 0];
      for (const [i, raw] of images.slice(0, count).entries()) {
        await runner.load(raw);
        const { results, resultsText } = await runner.infer(1, 0);
        if (`m-results-[${resultsText}]` === expected[i]!.line) equal++;
        if (bestOf(results) === test.labels[i]) right++;
        if (expected[i]!.best === test.labels[i]) wanted++;
      }
      verdict(
        `${name}: results of ${count} images`,
        `${equal} equal to the interpreter's`,
        'all',
        equal === count,
      );
      verdict(`${name}: top-1`, `${right} of ${count}`, `${wanted}, the interpreter's`, right === wanted);
      if (!windows) return;
      const rates: number[] = [];
      for (let w = 0; w < windows; w++) {
        await runner.load(images[w]!);
        const { elapsedUs } = await runner.infer(1, 0);
        const inferences = Math.ceil((1.02 * WINDOW_US) / elapsedUs);
        const window = await runner.infer(inferences, 2);
        rates.push((inferences * 1e6) / window.elapsedUs);
        verdict(
          `${name}: window ${w + 1}, ${inferences} inferences`,
          `${(window.elapsedUs / 1e6).toFixed(3)} s of counted instructions, ${rates.at(-1)!.toFixed(3)} a second`,
          '>= 10 s, results as ever',
          window.elapsedUs >= WINDOW_US && `m-results-[${window.resultsText}]` === expected[w]!.line,
        );
      }
      rates.sort((a, b) => a - b);
      console.log(`           ${name}: median ${rates[windows >> 1]!.toFixed(3)} inferences a second`);
    },
    board.emulator?.kind === 'qemu',
  );
}

/** The public runner, on files as its data sets are: one of raw pixels for each image, and y_labels.csv. */
async function tryPublicRunner(runner: string): Promise<void> {
  const board = boardOf(trials[0]!.name);
  const folder = await temporaryFolder();
  const files = images.map((raw, i) => ({ path: join(graph.name, `${i}.bin`), contents: raw }));
  const labels = files.map(
    ({ path }, i) => `${path.slice(graph.name.length + 1)},${classes.length},${test.labels[i]}\n`,
  );
  await writeFiles(folder, [...files, { path: join(graph.name, 'y_labels.csv'), contents: labels.join('') }]);
  const glue = fileURLToPath(new URL('../../../test/proofs/mlperf-public.py', import.meta.url));
  const emulation = await emulate(board, {
    program: await compileProduct(board, requirePlace(board, graph)),
    counting: true,
  });
  try {
    const args = [glue, runner, emulation.port, folder, graph.name, String(IMAGES)];
    const said = execFileSync(process.env['PYTHON'] ?? 'python3', args, {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 64 << 20,
    });
    const right = expected.filter(({ best }, i) => best === test.labels[i]).length;
    const top = Number(/^top-1 ([\d.]+) %/m.exec(said)?.[1]);
    const wanted = Number(((100 * right) / IMAGES).toFixed(1));
    verdict('the public runner: top-1', `${top} %`, `${wanted} %, the interpreter's`, top === wanted);
    const windows = /^windows of (.*) s$/m.exec(said)?.[1]?.split(', ').map(Number) ?? [];
    const median = /^median ([\d.]+)/m.exec(said)?.[1];
    verdict(
      'the public runner: median of five windows',
      `${median} inferences a second, windows of ${windows.join(', ')} s of counted instructions`,
      '>= 10 s',
      windows.length === WINDOWS && windows.every((seconds) => seconds * 1e6 >= WINDOW_US),
    );
  } finally {
    await emulation.stop();
  }
}

const runner = process.env['MLPERF_RUNNER'];
if (runner) await tryPublicRunner(runner);
else console.log('skipped: the public runner, because MLPERF_RUNNER does not name its folder');
await removeFolders();
