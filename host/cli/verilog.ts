import { join } from 'node:path';
import { boardTop } from '../../fpga/board-top.js';
import { type Board, commandOf, constraintsOf, fpgaBoardOf } from '../../fpga/boards/index.js';
import type { VerilogOptions } from '../../fpga/emit.js';
import { estimate } from '../../fpga/estimate/index.js';
import { requireRoom } from '../../fpga/fits.js';
import { type Area, areaNames } from '../../fpga/parts.js';
import { emitProject } from '../../fpga/project.js';
import { hex32, type OutputFile } from '../../models/index.js';
import { writeFiles } from '../files.js';
import { installed, installLine, nextpnr, yosys } from '../fpga/packages.js';
import { type Placed, place } from '../fpga/place.js';
import { rtlFiles } from '../fpga/rtl.js';
import { synthesise } from '../fpga/synthesise.js';
import type { Io } from './io.js';
import { loadGraph } from './load.js';
import { required } from './verb.js';

export type VerilogFlags = { board?: string; out: string; force?: boolean } & VerilogOptions;

/**
 * `build --target verilog`: writes the project; with yosys synthesises it, with nextpnr places it for the boards that
 * it knows. What does not fit is said before it is placed.
 */
export async function buildVerilog(path: string, options: VerilogFlags, io: Io) {
  const board = fpgaBoardOf(required(options.board, '--board'));
  const graph = await loadGraph(path);
  const { architecture = 'sequential', lanes = 8, datapath = 'popcount' } = options;
  const { files, rtl, hash } = emitProject(graph, board, { architecture, lanes, datapath });
  const project: OutputFile[] = [...(await rtlFiles(rtl)), ...files];
  const { force = false } = options;
  await writeFiles(options.out, project, { force });
  const result = {
    target: 'verilog',
    board: board.name,
    out: options.out,
    architecture,
    lanes,
    datapath,
    hash: hex32(hash),
    files: project.map(({ path: file }) => file),
  };
  io.print(
    `${project.length} files of Verilog in ${options.out}, configuration ${hex32(hash)}, ${architecture}, ${lanes} lanes, ${datapath}`,
  );
  if (!installed(yosys)) {
    io.print(`not synthesised: ${installLine(yosys)}`);
    return result;
  }
  io.note('synthesising');
  const { area, json } = await synthesise(project, boardTop, board.family);
  printArea(area, board, io);
  requireRoom(graph.name, area, board, { architecture, lanes });
  if (!board.nextpnr) return { ...result, area };
  if (!installed(nextpnr)) {
    io.print(`not placed: ${installLine(nextpnr)}`);
    return { ...result, area };
  }
  io.note('placing and routing');
  const placed = await place(json, board, constraintsOf(board));
  const bitstream = `${board.name}.bin`;
  await writeFiles(options.out, [{ path: bitstream, contents: placed.bitstream }], { force });
  printPlaced(placed, board, join(options.out, bitstream), io);
  const { utilisation, fmaxHz } = placed;
  // Clocks depend on how often neurons fire, which a graph tells that was calibrated.
  const cycles = graph.tensors['input']!.activity
    ? estimate(graph, board, { architecture, lanes, datapath }).cycles
    : undefined;
  if (cycles !== undefined) {
    const ms = (hz: number) => `${((cycles / hz) * 1e3).toPrecision(3)} ms`;
    io.print(
      `latency: about ${ms(board.clockHz)} on the board, ${ms(fmaxHz)} at the highest clock (${cycles} cycles expected; 'spikelet verify --against verilog' counts them)`,
    );
  }
  return { ...result, area, utilisation, fmaxHz, bitstream, ...(cycles === undefined ? {} : { cycles }) };
}

function printArea(area: Area, board: Board, io: Io): void {
  io.table(
    [{ title: board.title }, { title: 'used', right: true }, { title: 'of', right: true }],
    (Object.keys(areaNames) as (keyof Area)[])
      .filter((what) => board.capacity[what] > 0)
      .map((what) => [areaNames[what], String(area[what]), String(board.capacity[what])]),
  );
}

function printPlaced({ utilisation, fmaxHz }: Placed, board: Board, bitstream: string, io: Io): void {
  const cells = utilisation['ICESTORM_LC']!;
  io.print(`placed: ${cells.used} of ${cells.available} logic cells`);
  io.print(
    `clock: up to ${(fmaxHz / 1e6).toFixed(1)} MHz, ${board.clockHz / 1e6} MHz on the board${fmaxHz < board.clockHz ? ': TOO SLOW' : ''}`,
  );
  io.print(`${bitstream}: ${commandOf(board.programmer!, bitstream)}`);
}
