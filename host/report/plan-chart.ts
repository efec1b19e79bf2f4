import { type Graph, isAlive, type Occupant, type Plan, timeline } from '../../models/index.js';

/** A plan as a picture: time from left to right, memory from top to bottom. */
export type PlanChart = {
  lines: string[];
  /** The step with the most live bytes, and what is in memory then, in address order. */
  peak: { step: number; node: string; row: number; rows: number; bytes: number; alive: Alive[] };
};

export type Alive = {
  letter: string;
  name: string;
  what: Occupant['what'];
  offset: number;
  bytes: number;
  alive: number;
};

/** Most columns of the chart. */
const WIDTH = 96;
const HEIGHT = 32;
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const OTHER = '#';
const FREE = '.';

/**
 * Draws the arena over the steps of a plan. A column is one step, or several, drawn at the one with the most
 * live bytes, so the peak is always shown. Each occupant that is live at the peak has its own letter, all
 * others are `#`.
 */
export function planChart(graph: Graph, plan: Plan, width = Number.POSITIVE_INFINITY): PlanChart {
  const { occupants, alive } = timeline(graph, plan);
  const { steps, arenaBytes } = plan;
  const step = alive.reduce((best, bytes, i) => (bytes > alive[best]! ? i : best), 0);
  const atPeak = occupants
    .map((occupant) => ({ occupant, alive: aliveBytes(occupant, step) }))
    .filter((entry) => entry.alive > 0)
    .sort((a, b) => a.occupant.offset - b.occupant.offset);
  const letters = new Map(atPeak.map(({ occupant }, i) => [occupant, LETTERS[i] ?? OTHER]));
  const room = Math.max(16, width - String(arenaBytes).length - 2);
  const columns = Math.min(WIDTH, steps.length, room);
  const cell = arenaBytes / HEIGHT;
  const drawn = Array.from({ length: columns }, (_, column) => {
    const first = Math.floor((column * steps.length) / columns);
    const end = Math.max(first + 1, Math.floor(((column + 1) * steps.length) / columns));
    let busiest = first;
    for (let i = first; i < end; i++) if (alive[i]! > alive[busiest]!) busiest = i;
    return { first, end, cells: cellsAt(occupants, letters, busiest, cell) };
  });
  const node = graph.nodes[steps[step]!.node]!;
  const label = (bytes: number) => String(Math.round(bytes)).padStart(String(arenaBytes).length);
  return {
    lines: [
      ...Array.from(
        { length: HEIGHT },
        (_, row) => `${label(row * cell)} |${drawn.map(({ cells }) => cells[row]).join('')}`,
      ),
      `${' '.repeat(String(arenaBytes).length)} |${drawn.map(({ first, end }) => (first <= step && step < end ? '^' : ' ')).join('')}`.trimEnd(),
    ],
    peak: {
      step,
      node: node.name,
      row: steps[step]!.row,
      rows: steps[step]!.rows,
      bytes: alive[step]!,
      alive: atPeak.map(({ occupant: { name, what, offset, bytes }, alive }, i) => ({
        letter: LETTERS[i] ?? OTHER,
        name,
        what,
        offset,
        bytes,
        alive,
      })),
    },
  };
}

const aliveBytes = ({ blocks }: Occupant, step: number): number =>
  blocks.reduce((sum, block) => sum + (isAlive(block, step) ? block.bytes : 0), 0);

/** The memory at one step, in cells of `cell` bytes: the letter of what fills most of each cell. */
function cellsAt(
  occupants: Occupant[],
  letters: Map<Occupant, string>,
  step: number,
  cell: number,
): string[] {
  const most = new Float64Array(HEIGHT).fill(cell / 8);
  const cells = new Array<string>(HEIGHT).fill(FREE);
  for (const occupant of occupants) {
    const filled = new Float64Array(HEIGHT);
    for (const block of occupant.blocks) {
      if (!isAlive(block, step)) continue;
      const [begin, end] = [occupant.offset + block.offset, occupant.offset + block.offset + block.bytes];
      for (let row = Math.floor(begin / cell); row < HEIGHT && row * cell < end; row++)
        filled[row]! += Math.min(end, (row + 1) * cell) - Math.max(begin, row * cell);
    }
    filled.forEach((bytes, row) => {
      if (bytes <= most[row]!) return;
      most[row] = bytes;
      cells[row] = letters.get(occupant) ?? OTHER;
    });
  }
  return cells;
}
