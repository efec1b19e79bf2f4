import { fpgaBoards } from '../../fpga/boards/index.js';
import { programInstalled, versionOfTool } from '../toolchain/tools.js';
import { verilatorInstall } from './verilator.js';

/**
 * A program, besides Node, that FPGAs need, what it enables, and the command that installs it on Debian and
 * Ubuntu.
 */
export type FpgaProgram = {
  name: string;
  enables: string;
  install: string;
  find(): Promise<string | undefined>;
};

/** The faster simulator, and every board programmer once. */
export const programsOfFpgas: FpgaProgram[] = [
  {
    name: 'verilator',
    enables: 'several times faster Verilog simulation',
    install: verilatorInstall,
    find: () => versionOfTool('verilator'),
  },
  ...[...new Set(fpgaBoards.flatMap(({ programmer }) => programmer?.program ?? []))].map(
    (name): FpgaProgram => {
      const boards = fpgaBoards.filter(({ programmer }) => programmer?.program === name);
      return {
        name,
        enables: `flashing ${boards.map((board) => board.name).join(', ')}`,
        install: boards[0]!.programmer!.install,
        find: () => programInstalled(name),
      };
    },
  ),
];
