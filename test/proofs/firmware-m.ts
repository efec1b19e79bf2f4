import { boardOf, memoryOf } from '../../firmware-gen/boards/index.js';
import { shellRam } from '../../firmware-gen/fits.js';
import { requirePlace } from '../../firmware-gen/plan-board.js';
import { linkedBytes } from '../../host/toolchain/map.js';
import { compileProduct, runOn } from '../support/firmware-device.js';
import { canTry, removeFolders } from '../support/firmware-project.js';
import { shared } from '../support/shared.js';
import { verdict } from './cli.js';
import { espikeformerM } from './espikeformer-m.js';

/**
 * `npm run bench -- firmware-m`: E-SpikeFormer-m, 10M parameters at 224x224, on an emulated Cortex-M4 with
 * 512 KiB of RAM besides its weights: one image, every layer equal to the interpreter's.
 */
const RAM = 512 << 10;
const board = boardOf('mps2-an386');

const vectors = shared('vectors/espikeformer-m');
if (!vectors) console.log('skipped: ../shared/vectors/espikeformer-m is absent');
else if (await canTry(board)) await prove(vectors);

async function prove(folder: string): Promise<void> {
  const { graph, pixels } = await espikeformerM(folder);
  const placed = requirePlace(board, graph, { ram: RAM - board.stackBytes - shellRam(graph.nodes.length) });
  const { weightsIn } = placed.fit;
  const program = await compileProduct(board, placed);
  const { model, shell } = await linkedBytes(program.map);
  const ram = model.ram + shell.ram + board.stackBytes;
  console.log(
    `${model.constants} B of constants, weights at 0x${memoryOf(board, weightsIn).origin.toString(16)}`,
  );
  console.log(`${model.code} B of code of the model, ${placed.model.arena} B of its arena`);
  verdict('RAM outside weights, with the stack', `${ram} B`, `<= ${RAM}`, ram <= RAM);

  const { equal, difference, stackBytes, seconds } = await runOn({ board, folder: program.folder }, graph, [
    pixels,
  ]);
  await removeFolders();
  console.log(`the image sent and classified in ${seconds.toFixed(1)} s, ${stackBytes} B of stack`);
  verdict('equal at every layer', difference ?? `${equal} of 1`, '1 of 1', equal === 1);
}
