import type { Graph } from '../../../models/graph.js';
import { type ModelOptions, planModel } from '../../../wasm/plan-model.js';
import { planChart } from '../../report/plan-chart.js';
import { bytes } from '../../report/text.js';
import type { Io } from '../io.js';

const RIGHT = { right: true } as const;

/** Prints how a graph would be run in memory: a chart of the arena over the steps, and what is alive at the peak. */
export function inspectPlan(graph: Graph, options: ModelOptions, io: Io) {
  const { plan, ramBytes, weights } = planModel(graph, options);
  const { lines, peak } = planChart(graph, plan, io.width);
  const { steps, arenaBytes, choices } = plan;
  io.print(io.bold(`Plan of '${graph.name}', weights ${weights}: ${ramBytes} B of RAM (${bytes(ramBytes)})`));
  io.print(`arena ${arenaBytes} B, ${steps.length} steps`);
  io.print(
    `${choices.packed.size} tensors in 4 bits, ${choices.columns.size} layers by parts of rows, ${choices.fetches.size} fetch their constants`,
  );
  io.print();
  for (const line of lines) io.print(line);
  io.print();
  io.print(
    `peak: ${peak.bytes} B alive at step ${peak.step}, rows ${peak.row}..${peak.row + peak.rows - 1} of '${peak.node}'`,
  );
  io.print();
  io.table(
    [
      { title: '' },
      { title: 'what' },
      { title: 'of' },
      { title: 'address', ...RIGHT, rank: 1 },
      { title: 'bytes', ...RIGHT },
      { title: 'alive', ...RIGHT },
    ],
    peak.alive.map((a) => [a.letter, a.what, a.name, String(a.offset), String(a.bytes), String(a.alive)]),
  );
  return {
    kind: 'plan',
    name: graph.name,
    weights,
    ramBytes,
    arenaBytes,
    steps: steps.length,
    packed: [...choices.packed],
    peak,
    chart: lines,
  };
}
