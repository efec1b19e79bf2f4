import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Board, boardOf } from '../../firmware-gen/boards/index.js';
import { emulate } from '../../host/device/emulate.js';
import { printModel } from '../../host/toolchain/model.js';
import { type Graph, interpret, operationsOf } from '../../models/index.js';
import { planModel } from '../../wasm/plan-model.js';
import { type Figure, leaveFigure } from '../docs/figure.js';
import { canTry, compile, removeFolders } from '../support/firmware-project.js';
import { openSerial } from '../support/firmware-serial.js';
import { verdict } from './cli.js';
import { cmsisEstimate, cortexM0plus, cortexM4, type PerMac } from './cmsis.js';
import { plainC } from './int8.js';
import { fashionGraph } from './nets.js';

/**
 * `npm run bench -- instructions [GRAPH]`: what one inference of a trained net costs on emulated cores,
 * printed C against plain 8-bit C of the same graph (test/bench/int8), both compiled with the firmware's own
 * flags and both equal to the interpreter; and against what CMSIS-NN is estimated to take (cmsis.ts). QEMU
 * counts instructions, rp2040js cycles of a Cortex-M0+. With --layers: of each layer.
 */
const IMAGES = 5;
const layers = process.argv.includes('--layers');
if (layers) process.argv.splice(process.argv.indexOf('--layers'), 1);
const { graph, images } = await fashionGraph(IMAGES);
const rows: Figure['rows'] = [];

const m4 = boardOf('mps2-an386');
/** The M4 runs what is compiled for a Cortex-M0+; instructions are the same, and memory does not limit it. */
const m0plus: Board = { ...m4, name: 'mps2-an386 as Cortex-M0+', core: 'cortex-m0plus' };

for (const [board, what, most, cmsis] of [
  [m4, 'instructions, Cortex-M4', 0.15, { perMac: cortexM4, least: 3.5 }],
  [m0plus, 'instructions, Cortex-M0+', 0.2, { perMac: cortexM0plus, least: 8 }],
  [boardOf('rp2040'), 'cycles, Cortex-M0+', 0.2, undefined],
] as const)
  if (await canTry(board)) await measure(graph, board, what, most, cmsis);
if (rows.length)
  leaveFigure({
    name: 'instructions',
    command: 'npm run bench -- instructions',
    columns: [
      { title: 'core' },
      { title: 'printed C', kind: 'simulated' },
      { title: 'of plain int8 C of the same net', kind: 'simulated' },
      { title: 'CMSIS-NN int8, times ours', kind: 'estimated' },
    ],
    rows,
  });
await removeFolders();

async function measure(
  net: Graph,
  board: Board,
  what: string,
  most: number,
  cmsis: { perMac: PerMac; least: number } | undefined,
): Promise<void> {
  const source = fileURLToPath(new URL('../../../test/support/c/count.c', import.meta.url));
  const program = await compile(board, {
    sources: [],
    model: [
      ...(await printModel(planModel(net, { tier: 'swar' }))),
      ...(await plainC(net)),
      { path: 'count.c', contents: await readFile(source, 'utf8') },
    ],
    defines: layers ? ['SPIKELET_TRACE'] : [],
  });
  const emulation = await emulate(board, { program, counting: true });
  const port = await openSerial(emulation.port);
  const totals = [0, 0];
  const perLayer = net.nodes.map(() => [0, 0] as [number, number]);
  try {
    await port.greet();
    for (const image of images) {
      port.send('I');
      port.send(new Uint8Array(image.buffer, image.byteOffset, image.length));
      const logits = interpret(net, image);
      const bytes = 8 + 8 * logits.length + (layers ? 8 * net.nodes.length : 0);
      const reply = await port.take(bytes, 300);
      const word = (i: number) => reply.readInt32LE(4 * i);
      logits.forEach((logit, i) => {
        for (const at of [2 + i, 2 + logits.length + i])
          if (word(at) !== logit) throw new Error(`${what}: logit ${i} is ${word(at)}, not ${logit}`);
      });
      const counted = (i: number) => (reply.readUInt32LE(4 * i) * board.counter.count) / board.counter.ticks;
      totals[0]! += counted(0) / images.length;
      totals[1]! += counted(1) / images.length;
      if (layers)
        perLayer.forEach((sums, i) => {
          sums[0] += counted(2 + 2 * logits.length + i) / images.length;
          sums[1] += counted(2 + 2 * logits.length + net.nodes.length + i) / images.length;
        });
    }
  } finally {
    await port.close();
    await emulation.stop();
  }
  const [ours, plain] = totals as [number, number];
  const text = `${millions(ours)} against ${millions(plain)}, ${(ours / plain).toFixed(3)}x`;
  verdict(`${what} for one image`, text, `<= ${most}x`, ours / plain <= most);
  const [unit, core] = what.split(', ') as [string, string];
  rows.push([
    board.name === 'rp2040' ? `${core} of the RP2040` : core,
    `${(ours / 1e6).toFixed(1)}M ${unit}`,
    `${(ours / plain).toFixed(3)}x`,
    cmsis ? Number((cmsisEstimate(net, cmsis.perMac) / ours).toFixed(2)) : '',
  ]);
  if (cmsis) {
    const estimate = cmsisEstimate(net, cmsis.perMac);
    verdict(
      `${what}, CMSIS-NN int8 estimated from measured figures per MAC`,
      `${millions(estimate)}, ${(estimate / ours).toFixed(2)}x ours`,
      `>= ${cmsis.least}x`,
      estimate / ours >= cmsis.least,
    );
  }
  if (layers)
    net.nodes.forEach((node, i) => {
      const [own, other] = perLayer[i]!;
      const macs = node.op === 'accumulate' ? (operationsOf(node, net)?.dense ?? 0) : 0;
      console.log(
        `  ${node.name.padEnd(24)} ${node.op.padEnd(10)} ${millions(own).padStart(8)} ${millions(other).padStart(8)} ` +
          `${(own / other).toFixed(3)}x ${macs ? `${(own / macs).toFixed(2)} per MAC` : ''}`,
      );
    });
}

function millions(count: number): string {
  return `${(count / 1e6).toFixed(3)}M`;
}
