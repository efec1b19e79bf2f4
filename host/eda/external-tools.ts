import { fpgaBoards } from '../../fpga/boards/index.js';
import { programInstalled, versionOfTool } from '../toolchain/tools.js';
import { verilatorInstall } from './verilator.js';

/** A program beside Node that FPGAs need, what it is for, and the line that installs it on Debian and Ubuntu. */
export type FpgaProgram = {
  name: string;
  enables: string;
  install: string;
  find(): Promise<string | undefined>;
};

/** Programmers of boards, each once, and the faster simulator. */
export const programsOfFpgas: FpgaProgram[] = [
  {
    name: 'verilator',
    enables: 'simulation of Verilog, several times as fast',
    install: verilatorInstall,
    find: () => versionOfTool('verilator'),
  },
  ...[...new Set(fpgaBoards.flatMap(({ programmer }) => programmer?.program ?? []))].map(
    (name): FpgaProgram => {
      const boards = fpgaBoards.filter(({ programmer }) => programmer?.program === name);
      return {
        name,
        enables: `flash of ${boards.map((board) => board.name).join(', ')}`,
        install: boards[0]!.programmer!.install,
        find: () => programInstalled(name),
      };
    },
  ),
];
