import { readFileSync } from 'node:fs';
import type { Board } from '../firmware-gen/boards/index.js';
import { emulate } from '../host/device/emulate.js';
import type { Built } from '../host/firmware/make.js';
import type { Placed } from '../host/firmware/plan-board.js';
import type { Graph, OutputFile } from '../models/index.js';
import { differenceOf, wordsOf } from './firmware-layers.js';
import { compile } from './firmware-project.js';
import { openSerial } from './firmware-serial.js';

/** Compiles a printed model with the program of the tests, classify.c. */
export const compileClassify = (board: Board, { fit }: Placed, model: OutputFile[]): Promise<Built> =>
  compile(board, {
    sources: ['crc32.c'],
    model: [
      ...model,
      {
        path: 'classify.c',
        contents: readFileSync(new URL('../../test/firmware/classify.c', import.meta.url), 'utf8'),
      },
    ],
    place: { weights: fit.weightsIn },
    defines: ['SPIKELET_TRACE'],
  });

/** What an emulated board computed: images equal at every layer, the first difference, the stack it took. */
export type DeviceRun = { equal: number; difference?: string; stackBytes: number; seconds: number };

/** Sends images to classify.c on an emulated board and compares every layer with the interpreter. */
export async function runOnBoard(
  board: Board,
  program: Built,
  graph: Graph,
  images: Int8Array[],
): Promise<DeviceRun> {
  const emulation = await emulate(board, { program });
  try {
    return await runOnPort(emulation.port, graph, images);
  } finally {
    await emulation.stop();
  }
}

/** The same over a serial port behind which classify.c runs. */
export async function runOnPort(path: string, graph: Graph, images: Int8Array[]): Promise<DeviceRun> {
  const port = await openSerial(path);
  const result: DeviceRun = { equal: 0, stackBytes: 0, seconds: 0 };
  try {
    await port.greet();
    for (const [sample, pixels] of images.entries()) {
      const started = performance.now();
      port.send('I');
      port.send(new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.length));
      const bytes = await port.take(4 * wordsOf(graph), 600);
      result.seconds += (performance.now() - started) / 1000;
      const words = Uint32Array.from({ length: wordsOf(graph) }, (_, i) => bytes.readUInt32LE(4 * i));
      const difference = differenceOf(graph, pixels, words);
      if (difference) result.difference ??= `image ${sample}, ${difference}`;
      else result.equal++;
    }
    port.send('S');
    result.stackBytes = (await port.take(4)).readUInt32LE(0);
    return result;
  } finally {
    await port.close();
  }
}
