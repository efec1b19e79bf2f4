import { type Board, boards, memoryOf } from '../../firmware-gen/boards/index.js';
import { fpgaBoards } from '../../fpga/boards/index.js';
import { bytes } from '../../host/report/text.js';
import { commandLine } from './command-line.js';

/**
 * Generated parts of documents that are not figures: NAME is between `<!-- NAME -->` and `<!-- /NAME -->`.
 */
const table = (heads: string[], rows: string[][]): string =>
  [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const emulated = ({ emulator, loader, untried }: Board): string => {
  if (loader) return `spikelet's loader on \`${loader.board}\``;
  if (!emulator) return untried ?? '';
  return emulator.kind === 'qemu' ? 'QEMU' : 'npm `rp2040js`';
};

const boardTable = (): string =>
  table(
    ['board', 'what', 'flash', 'RAM', 'counts', 'runs in'],
    boards.map((board) => [
      `\`${board.name}\``,
      board.title,
      bytes(memoryOf(board, board.code).bytes),
      bytes(memoryOf(board, board.ram).bytes),
      board.counter.means,
      emulated(board),
    ]),
  );

const fpgaTable = (): string =>
  table(
    ['board', 'what', 'look-up tables', 'block RAM', 'multipliers', 'build reports'],
    fpgaBoards.map(({ name, title, capacity, bramBits, nextpnr }) => [
      `\`${name}\``,
      title.replace(' (area only)', ''),
      String(capacity.luts),
      bytes((capacity.brams * bramBits) / 8),
      String(capacity.dsps),
      nextpnr ? 'bitstream, utilisation, highest clock, latency' : 'area',
    ]),
  );

const parts: Record<string, () => string> = { boards: boardTable, fpgas: fpgaTable, verbs: commandLine };

/** The marked parts of a page written again. Throws where a marker has lost its partner. */
export function withParts(page: string, path: string): string {
  let written = page;
  for (const [name, print] of Object.entries(parts)) {
    const marks = [`<!-- ${name} -->`, `<!-- /${name} -->`].map(
      (mark) => written.split(`\n${mark}\n`).length - 1,
    );
    if (marks[0] !== marks[1]) throw new Error(`${path}: a marker of ${name} has no partner`);
    if (!marks[0]) continue;
    const between = new RegExp(`(\\n<!-- ${name} -->\\n).*?(<!-- /${name} -->\\n)`, 's');
    written = written.replace(between, (_, open: string, close: string) => `${open}${print()}\n${close}`);
  }
  return written;
}
