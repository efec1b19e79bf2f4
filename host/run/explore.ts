import type { Board } from '../../fpga/boards/index.js';
import type { Point } from '../../fpga/estimate/explore.js';
import type { Graph } from '../../models/index.js';
import { type Measured, type MeasureOptions, measureArea, measureCycles } from './measure-design.js';

export type MeasureRequest = Pick<MeasureOptions, 'folder'> & {
  graphs: Graph[];
  board: Board;
  /** Number of fitting designs to measure. */
  count: number;
  /** Images, as pixels of each graph, to simulate; undefined: clocks are not measured. */
  images?: Int8Array[][] | undefined;
  note: (line: string) => void;
};

/**
 * Measures the fastest designs of the Pareto front until `count` of them fit. A design that was estimated to
 * fit but does not is kept with the reason, and the next fastest is tried, up to twice `count` in all.
 */
export async function measureBest(
  points: Point[],
  { graphs, board, count, images, folder, note }: MeasureRequest,
): Promise<Map<Point, Measured>> {
  const measured = new Map<Point, Measured>();
  const fits = () => [...measured.values()].filter(({ short }) => !short.length).length;
  for (const point of points.filter(({ pareto }) => pareto).slice(0, 2 * count)) {
    if (fits() === count) break;
    const { architecture, lanes, datapath, bits } = point;
    const graph = graphs[point.graph]!;
    note(`synthesising ${architecture}, ${lanes} lanes, ${datapath}, ${bits} bits`);
    const design = { architecture, lanes, datapath };
    const found: Measured = await measureArea(graph, board, design, { folder });
    measured.set(point, found);
    if (found.short.length) {
      note(`it does not fit: ${found.short.join(', ')}`);
      continue;
    }
    const frames = images?.[point.graph];
    if (!frames) continue;
    note(`simulating ${frames.length} images`);
    const { cycles } = await measureCycles(graph, board, design, frames, { folder, note });
    measured.set(point, { ...found, cycles, images: frames.length });
  }
  return measured;
}
