import { readFileSync } from 'node:fs';
import { boardOf, memoryOf } from '../../firmware-gen/boards/index.js';
import { reserved } from '../../firmware-gen/fits.js';
import { emulate } from '../../host/device/emulate.js';
import { linkedBytes } from '../../host/firmware/map.js';
import { printModel } from '../../host/firmware/model.js';
import { requirePlace } from '../../host/firmware/plan-board.js';
import { interpret } from '../../models/index.js';
import { canTry, compile, removeFolders } from '../firmware-project.js';
import { openSerial } from '../firmware-serial.js';
import { shared } from '../shared.js';
import { verdict } from './cli.js';
import { espikeformerM } from './espikeformer-m.js';

/**
 * `npm run bench:firmware-m`: E-SpikeFormer-m, 10M parameters at 224x224, on an emulated Cortex-M4 with 512 KiB of RAM
 * beside its weights: one image, its logits equal to the interpreter's.
 */
const RAM = 512 << 10;
const board = boardOf('mps2-an386');

const vectors = shared('vectors/espikeformer-m');
if (!vectors) console.log('skipped: ../shared/vectors/espikeformer-m is absent');
else if (await canTry(board)) await prove(vectors);

async function prove(folder: string): Promise<void> {
  const { graph, pixels } = await espikeformerM(folder);
  const placed = requirePlace(board, graph, { ram: RAM - board.stackBytes - reserved.ram });
  const { weightsIn } = placed.fit;
  const classify = readFileSync(new URL('../../../test/firmware/classify.c', import.meta.url), 'utf8');
  const program = await compile(board, {
    sources: [],
    model: [...(await printModel(placed.planned)), { path: 'classify.c', contents: classify }],
    place: { weights: weightsIn },
  });
  const { model, shell } = await linkedBytes(program.map);
  const ram = model.ram + shell.ram + board.stackBytes;
  console.log(
    `${model.constants} B of constants, weights at 0x${memoryOf(board, weightsIn).origin.toString(16)}`,
  );
  console.log(`${model.code} B of code of the model, ${model.ram} B of its arena`);
  verdict('RAM outside weights, with the stack', `${ram} B`, `<= ${RAM}`, ram <= RAM);

  const emulation = await emulate(board, { program });
  const port = await openSerial(emulation.port);
  const started = performance.now();
  try {
    await port.greet();
    port.send('I');
    port.send(new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.length));
    const bytes = await port.take(4 * graph.classes.length, 1800);
    console.log(`the image sent and classified in ${((performance.now() - started) / 1000).toFixed(1)} s`);
    const logits = graph.classes.map((_, i) => bytes.readInt32LE(4 * i));
    const expected = interpret(graph, pixels);
    const equal = logits.filter((logit, i) => logit === expected[i]).length;
    verdict('equal logits', `${equal} of ${expected.length}`, 'all', equal === expected.length);
  } finally {
    await port.close();
    await emulation.stop();
    await removeFolders();
  }
}
