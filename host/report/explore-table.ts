import type { Board } from '../../fpga/boards/index.js';
import type { Point } from '../../fpga/estimate/explore.js';
import type { Area } from '../../fpga/parts.js';
import type { Measured } from '../run/measure-design.js';
import type { Column } from './text.js';

/** Tables of a design space. Pure. */
export type TextTable = { columns: Column[]; rows: string[][] };

const right = (title: string): Column => ({ title, right: true });

const mhz = (hz: number): string => (hz / 1e6).toFixed(1);
const ms = (seconds: number): string => (seconds * 1e3).toPrecision(3);

/** A board's resources as columns, without those that it lacks. */
function resources(board: Board): { title: string; of(area: Area, cells: number | undefined): string }[] {
  return [
    { title: 'LUT', of: ({ luts }) => String(luts) },
    ...(board.nextpnr
      ? [{ title: 'LC', of: (_: Area, cells: number | undefined) => String(cells ?? '') }]
      : []),
    { title: 'BRAM', of: ({ brams }) => String(brams) },
    ...(board.capacity.sprams ? [{ title: 'SPRAM', of: ({ sprams }: Area) => String(sprams) }] : []),
    ...(board.capacity.dsps ? [{ title: 'DSP', of: ({ dsps }: Area) => String(dsps) }] : []),
  ];
}

/** Titles of the time columns, with their clock. */
const times = (board: Board): string[] => [
  ...(board.nextpnr ? ['MHz', 'ms'] : []),
  `ms at ${board.clockHz / 1e6} MHz`,
];

const timesOf = (cycles: number | undefined, fmaxHz: number | undefined, board: Board): string[] => {
  const at = (hz: number | undefined) => (cycles === undefined || hz === undefined ? '' : ms(cycles / hz));
  return [...(board.nextpnr ? [fmaxHz ? mhz(fmaxHz) : '', at(fmaxHz)] : []), at(board.clockHz)];
};

/** Estimates of all designs that fit; shows `names` if there are several graphs. */
export function estimateTable(points: Point[], board: Board, names: string[]): TextTable {
  const area = resources(board);
  const several = names.length > 1;
  return {
    columns: [
      { title: '' },
      ...(several ? [{ title: 'graph' }] : []),
      { title: 'architecture' },
      { title: 'datapath' },
      ...['bits', 'lanes', 'fold', ...area.map(({ title }) => `~${title}`), '~cycles'].map(right),
      ...times(board).map((title) => right(`~${title}`)),
    ],
    rows: points
      .filter(({ short }) => !short.length)
      .map(({ pareto, graph, architecture, datapath, bits, lanes, fold, estimate }) => [
        pareto ? '*' : '',
        ...(several ? [names[graph]!] : []),
        architecture,
        datapath,
        ...[bits, lanes, fold].map(String),
        ...area.map((what) => what.of(estimate.area, estimate.cells)),
        String(estimate.cycles),
        ...timesOf(estimate.cycles, estimate.fmaxHz, board),
      ]),
  };
}

/** For each measured design: estimate, measurement, and error of the estimate. */
export function measuredTable(measured: Map<Point, Measured>, board: Board, names: string[]): TextTable {
  const area = resources(board);
  const rows = [...measured].flatMap(([point, found]): string[][] => {
    const { estimate } = point;
    const expected = [
      ...area.map((what) => what.of(estimate.area, estimate.cells)),
      String(estimate.cycles),
      ...timesOf(estimate.cycles, estimate.fmaxHz, board),
    ];
    const real = [
      ...area.map((what) => what.of(found.area, found.cells)),
      found.cycles === undefined ? '' : String(Math.round(found.cycles)),
      ...timesOf(found.cycles, found.fmaxHz, board),
    ];
    return [
      [designName(point, names), 'estimated', ...expected.map((text) => `~${text}`)],
      ['', found.short.length ? 'MEASURED: too large' : 'MEASURED', ...real],
      ['', 'estimate off by', ...expected.map((text, i) => off(Number(text), real[i]!))],
    ];
  });
  return {
    columns: [
      { title: 'design' },
      { title: '' },
      ...[...area.map(({ title }) => title), 'cycles', ...times(board)].map(right),
    ],
    rows,
  };
}

function off(expected: number, real: string): string {
  if (real === '' || Number(real) === 0) return '';
  const percent = 100 * (expected / Number(real) - 1);
  return `${percent >= 0 ? '+' : ''}${percent.toFixed(1)} %`;
}

export const lanesText = (lanes: number): string => `${lanes} ${lanes === 1 ? 'lane' : 'lanes'}`;

/** A design in one line. */
export const designName = (
  {
    graph,
    architecture,
    lanes,
    datapath,
    bits,
  }: Pick<Point, 'graph' | 'architecture' | 'lanes' | 'datapath' | 'bits'>,
  names: string[],
): string =>
  `${names.length > 1 ? `${names[graph]}: ` : ''}${architecture}, ${lanesText(lanes)}, ${datapath}, ${bits} bits`;

/** Why designs do not fit, most frequent first: the missing resources, and how many designs lack each. */
export function shortages(points: Point[]): { what: string; designs: number }[] {
  const counts = new Map<string, number>();
  for (const { short } of points)
    for (const text of short) {
      const what = text.replace(/^\d+ of \d+ /, '');
      counts.set(what, (counts.get(what) ?? 0) + 1);
    }
  return [...counts].map(([what, designs]) => ({ what, designs })).sort((a, b) => b.designs - a.designs);
}
