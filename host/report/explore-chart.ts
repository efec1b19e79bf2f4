import type { Board } from '../../fpga/boards/index.js';
import type { Point } from '../../fpga/estimate/explore.js';
import type { Measured } from '../run/measure-design.js';
import { designName, lanesText } from './explore-table.js';
import { type LegendEntry, type Mark, type Scatter, scatterSvg, shapes } from './scatter.js';

/**
 * A design space as SVG: latency against size, hollow marks for estimates, filled ones for measured designs.
 * Pure.
 */
export function exploreSvg(
  points: Point[],
  measured: Map<Point, Measured>,
  board: Board,
  names: string[],
): string {
  const fits = points.filter(({ short }) => !short.length);
  const kinds = [...new Set(fits.map(kindOf))].sort();
  const widths = [...new Set(fits.map(({ bits }) => bits))].sort((a, b) => b - a);
  const hueOf = (point: Point) => kinds.indexOf(kindOf(point)) % 6;
  const shapeOf = ({ bits }: Point) => shapes[widths.indexOf(bits) % shapes.length]!;
  const marks = fits.flatMap((point): Mark[] => {
    const look = { hue: hueOf(point), shape: shapeOf(point) };
    const { size: x, seconds, lanes, pareto } = point;
    const name = designName(point, names);
    const found = measured.get(point);
    const real = found && !found.short.length ? placeOf(found, point) : undefined;
    const expected = { x, y: seconds * 1e3 };
    const label = pareto ? lanesText(lanes) : undefined;
    const hollow: Mark = {
      ...look,
      ...expected,
      tip: `${name}: estimated ${x} ${unit(board)}, ${expected.y.toPrecision(3)} ms`,
      ...(label && !real ? { label } : {}),
    };
    if (!real) return [hollow];
    const tip = `${name}: measured ${real.x} ${unit(board)}, ${real.y.toPrecision(3)} ms`;
    return [hollow, { ...look, ...real, full: true, from: expected, tip, ...(label ? { label } : {}) }];
  });
  const legend = legendOf(kinds, widths, measured);
  const clock = board.nextpnr ? 'the highest clock' : `${board.clockHz / 1e6} MHz`;
  const chart: Scatter = {
    title: `${names.length > 1 ? `${names.length} graphs` : names[0]} on ${board.title}`,
    subtitle: `Designs that fit: ${fits.length} of ${points.length}. Latency of a frame at ${clock}, at the firing rates of the calibration images.`,
    x: {
      title: unit(board),
      format: (value) => String(Math.round(value)),
    },
    y: { title: 'latency, ms', format: (value) => String(Number(value.toPrecision(3))) },
    marks,
    legend,
    front: fits
      .filter(({ pareto }) => pareto)
      .map(({ size, seconds }) => ({ x: size, y: seconds * 1e3 }))
      .sort((a, b) => a.x - b.x),
    limit: { x: board.capacity.luts, name: `${board.name}: ${board.capacity.luts}` },
  };
  return scatterSvg(chart);
}

/** The legend: colours, shapes (if there are several widths), and hollow and filled marks. */
export function legendOf(kinds: string[], widths: number[], measured: Map<Point, Measured>): LegendEntry[] {
  const used = widths.map((_, i) => shapes[i % shapes.length]!);
  return [
    ...kinds.map((text, hue) => ({ text, hue: hue % 6 })),
    ...(widths.length > 1
      ? widths.map((bits, i) => ({ text: `${bits}-bit weights`, shapes: [used[i]!] }))
      : []),
    { text: 'estimated', shapes: used },
    ...(measured.size ? [{ text: measuredText(measured), shapes: used, full: true }] : []),
    { text: 'Pareto front (estimates)', line: true },
  ];
}

const kindOf = ({ architecture, datapath }: Point): string => `${architecture}, ${datapath}`;
const unit = (board: Board): string => (board.nextpnr ? 'logic cells' : 'look-up tables');

/** A measured design's position; values that were not measured come from the estimate. */
function placeOf({ area, cells = area.luts, cycles, fmaxHz }: Measured, { estimate, seconds }: Point) {
  const clock = fmaxHz ?? estimate.cycles / seconds;
  return { x: cells, y: ((cycles ?? estimate.cycles) / clock) * 1e3 };
}

/** Which properties of the measured marks were measured. */
function measuredText(measured: Map<Point, Measured>): string {
  const found = [...measured.values()].filter(({ short }) => !short.length);
  const clocks = found.every(({ cycles }) => cycles !== undefined);
  const placed = found.every(({ fmaxHz }) => fmaxHz !== undefined);
  return clocks && placed
    ? 'measured'
    : placed
      ? 'measured except cycles'
      : clocks
        ? 'measured except the maximum clock'
        : 'area measured';
}
