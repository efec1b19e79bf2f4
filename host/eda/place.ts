import type { Board } from '../../fpga/boards/board.js';
import { fileOf, icepack, nextpnr, runPackage, textOf } from './packages.js';

export type Placed = {
  /** Resources used and available, by nextpnr's names: ICESTORM_LC, ICESTORM_RAM, ... */
  utilisation: Record<string, { used: number; available: number }>;
  /** Maximum clock for the slowest path, in Hz. */
  fmaxHz: number;
  bitstream: Uint8Array<ArrayBuffer>;
};

type Report = {
  fmax: Record<string, { achieved: number; constraint: number }>;
  utilization: Record<string, { used: number; available: number }>;
};

/**
 * Places and routes a netlist for a board. `seed` starts the search; different seeds give different results.
 */
export async function place(json: Uint8Array, board: Board, pins: string, seed = 1): Promise<Placed> {
  if (!board.nextpnr) throw new Error(`${board.name} has area only`);
  const { device, package: pack } = board.nextpnr;
  const { files } = await runPackage(
    nextpnr,
    [
      ...[
        `--${device}`,
        '--package',
        pack,
        '--json',
        'netlist.json',
        '--pcf',
        'pins.pcf',
        '--asc',
        'top.asc',
      ],
      ...['--report', 'report.json', '--freq', String(board.clockHz / 1e6), '--seed', String(seed)],
      ...['--timing-allow-fail', '--pcf-allow-unconstrained', '-q'],
    ],
    { 'netlist.json': json, 'pins.pcf': pins },
  );
  const report = JSON.parse(textOf(files, 'report.json')) as Report;
  const clocks = Object.values(report.fmax).map(({ achieved }) => achieved);
  const packed = await runPackage(icepack, ['top.asc', 'top.bin'], { 'top.asc': fileOf(files, 'top.asc') });
  return {
    utilisation: report.utilization,
    fmaxHz: Math.min(...clocks) * 1e6,
    bitstream: fileOf(packed.files, 'top.bin'),
  };
}
