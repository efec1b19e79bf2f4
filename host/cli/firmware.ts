import { join } from 'node:path';
import { boardOf } from '../../firmware-gen/boards/index.js';
import { reserved, shellRam } from '../../firmware-gen/fits.js';
import { type Placed, requirePlace } from '../../firmware-gen/plan-board.js';
import { checkPrefix, DEFAULT_PREFIX } from '../../firmware-gen/prefix.js';
import { bytes, quantity } from '../report/text.js';
import { compileTools, requireTools } from '../toolchain/board-tools.js';
import { checkedDefines } from '../toolchain/build.js';
import { compileFirmware } from '../toolchain/compile.js';
import { type Linked, linkedBytes } from '../toolchain/map.js';
import type { Io } from './io.js';
import { loadGraph } from './load.js';
import { modelOptions, type PlanFlags } from './plan-options.js';
import { required, usageError } from './verb.js';

/** `build --target firmware`: plans for the board, writes the project, compiles it, compares with the prediction. */
export async function buildFirmware(
  path: string,
  options: PlanFlags & { board?: string; out: string; checked?: boolean; prefix?: string; force?: boolean },
  io: Io,
) {
  const board = boardOf(required(options.board, '--board'));
  if (options.weights === 'outside')
    throw usageError('firmware reads its weights in place', 'leave --weights away');
  const { checked = false } = options;
  const prefix = options.prefix === undefined ? undefined : checkPrefix(options.prefix);
  if (checked && !compileTools(board).length)
    throw usageError(
      `${board.name} is built with its vendor's build system`,
      'define SPIKELET_CHECKED there, and write the spikelet_trap() that spikelet.h declares',
    );
  await requireTools(compileTools(board), `firmware for ${board.name}`);
  const placed = requirePlace(board, await loadGraph(path), { ...modelOptions(options), checked });
  const { model, fit, weightsRead, planned } = placed;
  io.note(`planned: ${model.arena} B of RAM in ${planned.plan.steps.length} steps, ${board.title}`);
  const { files, built } = await compileFirmware(board, placed, options.out, {
    ...(checked ? { defines: checkedDefines } : {}),
    ...(prefix === undefined ? {} : { prefix }),
    ...(options.force ? { force: true } : {}),
  });
  const linked = built && (await linkedBytes(built.map, prefix));
  printSizes(placed, linked, io);
  io.print();
  if (weightsRead !== undefined)
    io.print(`one inference reads about ${quantity(weightsRead)} bytes of weights`);
  const products = built
    ? [built.elf, built.bin, ...built.files.map(({ path: file }) => file)]
    : files.map(({ path: file }) => join(options.out, file));
  io.print(products.join(', '));
  return {
    target: 'firmware',
    board: board.name,
    out: options.out,
    prefix: prefix ?? DEFAULT_PREFIX,
    files: files.map(({ path: file }) => file),
    products,
    predicted: { ...model, weightsRead, fit },
    ...(linked ? { linked } : {}),
  };
}

/** Flash and RAM, predicted before the build and as linked; the model's own bytes are exact. */
function printSizes({ model, fit }: Placed, linked: Linked | undefined, io: Io): void {
  const row = (what: string, predicted: number | undefined, real: number | undefined) => [
    what,
    predicted === undefined ? '' : String(predicted),
    real === undefined ? '' : String(real),
  ];
  io.table(
    [{ title: 'bytes' }, { title: 'predicted', right: true }, { title: 'linked', right: true }],
    [
      row('weights and other constants', model.weights + model.constants, linked?.model.constants),
      row('arena: tensors, working memory', model.arena, linked?.model.ram),
      row('code of the model, at most', model.code, linked?.model.code),
      row('code of the shell, at most', reserved.code, linked?.shell.code),
      row('variables of the shell, at most', shellRam(model.layers), linked?.shell.ram),
      row('stack', fit.stack, undefined),
    ],
  );
  io.print(
    `flash: at most ${bytes(fit.flash.used)} of ${bytes(fit.flash.bytes)}; RAM: at most ${bytes(fit.ram.used)} of ${bytes(fit.ram.bytes)}`,
  );
}
