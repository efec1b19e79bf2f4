import { SpikeletError } from '../models/error.js';
import { type Board, fpgaBoards } from './boards/index.js';
import type { Architecture } from './emit/index.js';
import { type Area, areaNames, ramBits } from './parts.js';

/** Whether a board has enough RAM bits and look-up tables. Families differ little enough for a hint. */
const mayHold = (area: Area, from: Board, board: Board): boolean =>
  board.capacity.luts >= area.luts &&
  ramBits(board.capacity, board.bramBits) >= ramBits(area, from.bramBits) &&
  board.capacity.dsps >= area.dsps;

/** The options of a synthesised design for which a smaller choice may exist. */
export type Choice = { architecture: Architecture; lanes: number };

/** Resources of which a design needs more than a board has, as `6000 of 5280 look-up tables`. */
export const shortOf = (area: Area, board: Board): { what: keyof Area; text: string }[] =>
  (Object.keys(areaNames) as (keyof Area)[])
    .filter((what) => area[what] > board.capacity[what])
    .map((what) => ({ what, text: `${area[what]} of ${board.capacity[what]} ${areaNames[what]}` }));

/**
 * Throws a SpikeletError if a synthesised design does not fit a board, with the resource and a design that
 * would fit.
 */
export function requireRoom(name: string, area: Area, board: Board, { architecture, lanes }: Choice): void {
  const short = shortOf(area, board);
  if (!short.length) return;
  const needs = short.map(({ text }) => text).join(', ');
  const over = short.map(({ what }) => what);
  const logic = over.some((what) => what !== 'brams' && what !== 'sprams');
  const larger = fpgaBoards.filter((other) => other !== board && mayHold(area, board, other));
  const hints = [
    ...(architecture === 'streaming' ? ["'--architecture sequential'"] : []),
    ...(logic && lanes > 1 ? [`fewer lanes ('--lanes ${Math.ceil(lanes / 2)}')`] : []),
    ...(over.includes('dsps') ? ["'--datapath popcount'"] : []),
    ...(over.includes('brams') ? ["weights of fewer bits ('quantize --bits 4') or a smaller net"] : []),
    ...(larger.length ? [`a larger part: ${larger.map((other) => other.name).join(', ')}`] : []),
  ];
  throw new SpikeletError(`'${name}' does not fit ${board.name}: it needs ${needs}`, {
    hint: `try ${hints.join('; ')}`,
  });
}
