import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Board, boardOf } from '../../firmware-gen/boards/index.js';
import { emulate } from '../../host/device/emulate.js';
import { printModel } from '../../host/toolchain/model.js';
import { type Graph, interpret, logmelFrontEnd, pixelsOfRaw } from '../../models/index.js';
import { frontEndLayer, frontEndRam, frontEndTableBytes } from '../../wasm/front-end.js';
import { planModel } from '../../wasm/plan-model.js';
import { canTry, compile, removeFolders } from '../support/firmware-project.js';
import { openSerial } from '../support/firmware-serial.js';
import { frontEndVectors, graphBehind, signals, valuesOf } from '../support/frontends.js';
import { allThere } from '../support/skip.js';
import { verdict } from './cli.js';

/**
 * `npm run bench -- front-end`: audio on emulated boards, one hop at a time, from samples to logits; up to 100 images, which all
 * equal the interpreter. Prints what a frame costs: RAM and tables in bytes, instructions as QEMU counts them, cycles of rp2040js.
 */
const IMAGES = 100;

const m4 = boardOf('mps2-an386');
const m0plus: Board = { ...m4, name: 'mps2-an386 as Cortex-M0+', core: 'cortex-m0plus' };

for (const [rate, most] of [
  [8000, 120_000],
  [16000, 260_000],
] as const) {
  if (!(await allThere(`audio at ${rate} Hz`, [frontEndVectors]))) break;
  const graph = graphBehind(logmelFrontEnd({ sampleRate: rate, frames: rate === 8000 ? 16 : 2, mean: 5 }));
  const layer = frontEndLayer(graph.frontEnd)!;
  console.log(`${layer.equation}: ${frontEndRam(layer)} B of RAM, ${frontEndTableBytes(layer)} B of tables`);
  const samples = speech(rate);
  for (const [board, what] of [
    [m4, 'instructions, Cortex-M4'],
    [m0plus, 'instructions, Cortex-M0+'],
    [boardOf('rp2040'), 'cycles, RP2040'],
  ] as const)
    if (await canTry(board)) await measure(graph, samples, board, `${rate} Hz, ${what}`, most);
}
await removeFolders();

/** Samples of the reference signals of a rate, one after the other. */
function speech(rate: number): Int16Array {
  const file = rate === 8000 ? 'logmel-8k' : 'logmel-16k';
  const all = signals().filter((signal) => signal.file === file);
  return Int16Array.from(
    all.flatMap(({ name, tensors }) => [...valuesOf<Int16Array>(tensors, `${name}.samples`)]),
  );
}

async function measure(
  graph: Graph,
  samples: Int16Array,
  board: Board,
  what: string,
  most: number,
): Promise<void> {
  const { window, hop } = (graph.frontEnd as { parameters: { window: number; hop: number } }).parameters;
  const source = fileURLToPath(new URL('../../../test/support/c/count-audio.c', import.meta.url));
  const program = await compile(board, {
    sources: [],
    model: [
      ...(await printModel(planModel(graph, { tier: 'swar' }))),
      { path: 'count.c', contents: await readFile(source, 'utf8') },
    ],
    defines: [],
  });
  const wanted = pixelsOfRaw(graph, samples).slice(0, IMAGES);
  const emulation = await emulate(board, { program, counting: true });
  const port = await openSerial(emulation.port);
  let [equal, images, frames, counted] = [0, 0, 0, 0];
  try {
    await port.greet();
    for (let at = 0, taken = 0; images < wanted.length && at + hop <= samples.length; at += hop) {
      const piece = samples.slice(at, at + hop);
      port.send('A');
      port.send(new Uint8Array(Uint16Array.of(hop).buffer));
      port.send(new Uint8Array(piece.buffer));
      const reply = await port.take(8, 300);
      taken += hop;
      // Of what is only stored no frame is computed yet.
      if (taken >= window) {
        counted += (reply.readUInt32LE(0) * board.counter.count) / board.counter.ticks;
        frames++;
      }
      if (reply.readUInt32LE(4) !== 1) continue;
      const pixels = wanted[images++]!;
      const rest = await port.take(pixels.length + 4 + 4 * graph.classes.length, 300);
      const logits = interpret(graph, pixels);
      const same =
        rest.subarray(0, pixels.length).equals(Buffer.from(pixels.buffer)) &&
        logits.every((logit, i) => rest.readInt32LE(pixels.length + 4 + 4 * i) === logit);
      if (same) equal++;
    }
  } finally {
    await port.close();
    await emulation.stop();
  }
  const perFrame = Math.round(counted / frames);
  const text = `${equal} of ${images} images equal, ${perFrame} a frame of ${hop} samples`;
  verdict(what, text, `all equal, <= ${most} a frame`, equal === wanted.length && perFrame <= most);
}
