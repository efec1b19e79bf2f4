import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { boardTop } from '../../fpga/board-top.js';
import { type Board, fpgaBoardOf } from '../../fpga/boards/index.js';
import { type Datapath, datapaths, simulationPorts } from '../../fpga/emit/index.js';
import { scalesByMultipliers } from '../../fpga/emit/sequential.js';
import { requireRoom } from '../../fpga/fits.js';
import type { Family } from '../../fpga/parts.js';
import { emitProject } from '../../fpga/project.js';
import { loadGraph } from '../../host/api/load.js';
import { testPixels } from '../../host/data/pixels.js';
import { gateArguments, gatesOf } from '../../host/eda/netlist.js';
import { installed, installLine, nextpnr, yosys } from '../../host/eda/packages.js';
import { place } from '../../host/eda/place.js';
import { rtlFiles } from '../../host/eda/rtl-files.js';
import { clockRange, fastest, placeSeeds } from '../../host/eda/seeds.js';
import { synthesise } from '../../host/eda/synthesise.js';
import { compileSimulator, compileVerilator, loadedWeights, verilogFiles } from '../../host/eda/verilator.js';
import { verifyVerilog } from '../../host/run/verify.js';
import type { Graph, SpikeletError } from '../../models/index.js';
import { verilatorBuilds } from '../support/needs.js';
import { allThere } from '../support/skip.js';
import { folder, verdict } from './cli.js';
import { fashion, type TrainedNet, trainedGraph } from './nets.js';

/**
 * `npm run bench -- fpga [mini dense tiny netlist datapaths]`: the sequential core on an iCE40UP5K, synthesised, placed and
 * simulated by what is installed here: logic cells, clock over three seeds and latency of nets trained on
 * Fashion-MNIST, a netlist against the interpreter, and the three datapaths side by side on one layer. About a quarter
 * of an hour.
 */
const parts = { mini, dense, tiny, netlist, datapaths: compareDatapaths };
const wanted = process.argv.slice(2);
const board = fpgaBoardOf('icebreaker');

async function netAndImages(name: TrainedNet, count: number, bits = 8) {
  const { data } = await fashion();
  const graph = await loadGraph(await trainedGraph(name, bits));
  return { graph, images: [...testPixels(graph, data, count)] };
}

type Design = { lanes: number; datapath: Datapath };

/** What a board's memories and multipliers let `emitProject` choose, as options of the core alone. */
const coreOptions = (design: Design, { capacity }: Board) => ({
  ...design,
  sprams: capacity.sprams,
  multipliers: scalesByMultipliers(capacity.dsps, design),
});

async function placed(graph: Graph, design: Design) {
  const { files, rtl } = emitProject(graph, board, design);
  const { area, json } = await synthesise([...(await rtlFiles(rtl)), ...files], boardTop, board.family);
  const pins = files.find(({ path }) => path.endsWith('.pcf'))!.contents as string;
  const seeds = { first: 1, count: 3, stops: false };
  const runs = await placeSeeds(seeds, board, (seed) => place(json, board, pins, seed), console.log);
  const { utilisation, fmaxHz } = fastest(runs);
  return { area, cells: utilisation['ICESTORM_LC']!.used, fmaxHz, range: clockRange(runs) };
}

async function simulated(graph: Graph, images: Int8Array[], design: Design) {
  const where = join(folder, 'verilog');
  rmSync(where, { recursive: true, force: true });
  const simulate = await compileVerilator(graph, where, coreOptions(design, board));
  return verifyVerilog(graph, simulate, images);
}

const mhz = (hz: number) => `${(hz / 1e6).toFixed(1)} MHz`;

async function mini(): Promise<void> {
  const { graph, images } = await netAndImages('mini', 20);
  const design: Design = { lanes: 8, datapath: 'popcount' };
  const { cycles, equal } = await simulated(graph, images, design);
  const { area, cells, fmaxHz, range } = await placed(graph, design);
  const ms = (hz: number) => (cycles / hz) * 1e3;
  verdict(
    `mini on ${board.name}, 8 lanes: ${cells} of ${board.capacity.luts} logic cells, ${area.sprams} single-port and ${area.brams} block RAMs, highest clock`,
    range,
    'at least 24 MHz',
    fmaxHz >= 24e6,
  );
  verdict(
    `mini, ${equal} of ${images.length} EQUAL, ${Math.round(cycles)} cycles an image, ${ms(fmaxHz).toFixed(2)} ms at the highest clock, at the board's ${mhz(board.clockHz)}`,
    `${ms(board.clockHz).toFixed(2)} ms`,
    'at most 10 ms',
    ms(board.clockHz) <= 10,
  );
}

/** The smallest design, and the fastest: 16 lanes of 4-bit weights are in single-port RAM. */
async function dense(): Promise<void> {
  await denseDesign(8, { lanes: 8, datapath: 'dsp' });
  await denseDesign(4, { lanes: 16, datapath: 'popcount' });
}

async function denseDesign(bits: number, design: Design): Promise<void> {
  const { graph, images } = await netAndImages('dense', 20, bits);
  const name = `784-128-10, ${bits} bits, ${design.lanes} lanes, ${design.datapath}`;
  const { cycles, equal } = await simulated(graph, images, design);
  const { cells, fmaxHz, range } = await placed(graph, design);
  const alone = await synthesise(
    (await verilogFiles(graph, coreOptions(design, board))).filter(({ path }) => path !== 'weights.bin'),
    'spikelet_core',
    board.family,
  );
  const us = (hz: number) => (cycles / hz) * 1e6;
  verdict(
    `${name}, on ${board.name}: ${alone.area.luts} look-up tables and ${alone.area.flipFlops} flip-flops of the core (traces included), with its serial link`,
    `${cells} logic cells`,
    'at most 1600',
    cells <= 1600,
  );
  verdict(
    `${name}: ${equal} of ${images.length} EQUAL, ${Math.round(cycles)} cycles an image, ${us(board.clockHz).toFixed(0)} us at the board's ${mhz(board.clockHz)}, at its highest clock of ${range}`,
    `${us(fmaxHz).toFixed(0)} us`,
    'at most 200 us',
    us(fmaxHz) <= 200,
  );
}

/** Whether `tiny` fits the board, or what it lacks; and what it takes of larger parts. */
async function tiny(): Promise<void> {
  const { graph, images } = await netAndImages('tiny', 2);
  const design: Design = { lanes: 6, datapath: 'popcount' };
  const { cycles, equal } = await simulated(graph, images, design);
  console.log(`tiny, 6 lanes: ${equal} of ${images.length} EQUAL, ${Math.round(cycles)} cycles an image`);
  for (const part of [board, ...['ecp5-25f', 'xc7a35t'].map(fpgaBoardOf)]) {
    const { files, rtl } = emitProject(graph, part, design);
    const { area } = await synthesise([...(await rtlFiles(rtl)), ...files], boardTop, part.family);
    const taken = Object.entries(area).map(([what, count]) => `${count} ${what}`);
    console.log(`tiny on ${part.name}: ${taken.join(', ')}`);
    try {
      requireRoom(graph.name, area, part, { architecture: 'sequential', ...design });
      console.log(`tiny fits ${part.name}`);
    } catch (error) {
      const { message, hint } = error as SpikeletError;
      console.log(`${message}; ${hint}`);
    }
  }
}

/** Of multiplying lanes too: what synthesis makes of their registers is its own choice. */
async function netlist(): Promise<void> {
  await netlistOf('mini', { lanes: 8, datapath: 'popcount' });
  await netlistOf('dense', { lanes: 8, datapath: 'dsp' });
}

async function netlistOf(name: TrainedNet, design: Design): Promise<void> {
  const { graph, images } = await netAndImages(name, 5);
  const options = coreOptions(design, board);
  const files = await verilogFiles(graph, options);
  const gates = await gatesOf(files.filter(({ path }) => path !== 'weights.bin'));
  const where = join(folder, 'netlist');
  rmSync(where, { recursive: true, force: true });
  const simulate = await compileSimulator(graph, where, gates, {
    ports: simulationPorts(graph, options),
    weights: loadedWeights(files),
    more: gateArguments,
  });
  const { equal, cycles, firstDifference } = await verifyVerilog(graph, simulate, images);
  verdict(
    `${name}'s netlist of iCE40 cells, ${design.lanes} lanes, ${design.datapath}, ${Math.round(cycles)} cycles an image`,
    firstDifference ? `differs in '${firstDifference.tensor}'` : `${equal} of 5 EQUAL at every tensor`,
    'all',
    equal === images.length,
  );
}

/** One layer, 784 to 128, with its head: area in three families, and cycles. */
async function compareDatapaths(): Promise<void> {
  const { graph, images } = await netAndImages('dense', 10);
  const families: [Family, string][] = [
    ['ice40', 'iCE40UP5K'],
    ['ecp5', 'ECP5'],
    ['xilinx7', 'Artix-7'],
  ];
  console.log('784-128-10, core alone, 8 lanes: look-up tables + multipliers, cycles an image');
  for (const datapath of datapaths) {
    const options = { lanes: 8, datapath, multipliers: true };
    const { cycles, equal } = await simulated(graph, images, { lanes: 8, datapath });
    const areas: string[] = [];
    for (const [family, title] of families) {
      const files = (await verilogFiles(graph, options)).filter(({ path }) => path !== 'weights.bin');
      const { area } = await synthesise(files, 'spikelet_core', family);
      areas.push(`${title} ${area.luts} + ${area.dsps}`);
    }
    console.log(
      `${datapath.padEnd(9)} ${areas.join('; ')}; ${Math.round(cycles)} cycles, ${equal} of ${images.length} EQUAL`,
    );
  }
}

const missing = [yosys, nextpnr].filter((tool) => !installed(tool));
if (missing.length) console.log(`skipped: ${installLine(...missing)}`);
else if (await allThere('designs', verilatorBuilds))
  for (const [name, part] of Object.entries(parts)) if (!wanted.length || wanted.includes(name)) await part();
