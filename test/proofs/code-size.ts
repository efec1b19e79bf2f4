import { join } from 'node:path';
import { boardOf } from '../../firmware-gen/boards/index.js';
import { compileFlags, toolchainOf } from '../../firmware-gen/toolchain.js';
import { writeFiles } from '../../host/system/files.js';
import { printModel } from '../../host/toolchain/model.js';
import { runTool } from '../../host/toolchain/tools.js';
import { planModel } from '../../wasm/plan-model.js';
import { leaveFigure } from '../docs/figure.js';
import { canTry, removeFolders, temporaryFolder } from '../support/firmware-project.js';
import { tinyGraph } from '../support/wasm-models.js';
import { verdict } from './cli.js';

/**
 * `npm run bench -- code-size`: bytes of code of the printed model of a net of the tiny class, which has
 * every op and every end of one: runtime and layers, without weights, plan and shell. With the firmware's own
 * flags, and for size.
 */
const MOST = 16 << 10;
const rows: [string, string][] = [];
const files = await printModel(planModel(tinyGraph(), { tier: 'swar' }));
for (const name of ['mps2-an386', 'rp2040', 'rv32-virt']) {
  const board = boardOf(name);
  if (!(await canTry(board, false))) continue;
  const { prefix, flags, install } = toolchainOf(board)!;
  const folder = await temporaryFolder();
  await writeFiles(folder, files);
  for (const level of ['-O2', '-Os']) {
    const object = join(folder, 'model.o');
    const options = [...flags, ...compileFlags, '-fno-function-sections', level, '-I.'];
    await runTool(`${prefix}gcc`, [...options, '-c', 'model.c', '-o', object], { install, folder });
    const sizes = await runTool(`${prefix}size`, ['-A', object], { install, folder });
    const bytes = [...sizes.matchAll(/^\.(?:text|rodata)\S*\s+(\d+)/gm)].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    );
    const what = `${board.core}, ${level}: code of every op`;
    if (level === '-O2') rows.push([board.core, `${bytes.toLocaleString('en-US')} B`]);
    if (name === 'mps2-an386') verdict(what, `${bytes} B`, `<= ${MOST} B`, bytes <= MOST);
    else console.log(`           ${what}: ${bytes} B`);
  }
}
await removeFolders();
if (rows.length)
  leaveFigure({
    name: 'code-size',
    command: 'npm run bench -- code-size',
    columns: [{ title: 'core' }, { title: 'code of every op at -O2', kind: 'measured' }],
    rows,
  });
