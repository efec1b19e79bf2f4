import type { PlannedModel } from '../../wasm/plan-model.js';
import { planChart } from './plan-chart.js';
import { bytes, type Part } from './text.js';

const RIGHT = { right: true } as const;

/** How a planned model runs in memory: a chart of the arena over the steps, `width` columns wide, and what is alive at the peak. */
export function inspectPlan({ graph, plan, ramBytes, weights }: PlannedModel, width: number) {
  const { lines, peak } = planChart(graph, plan, width);
  const { steps, arenaBytes, choices } = plan;
  const { name } = graph;
  const parts: Part[] = [
    { title: `Plan of '${name}', weights ${weights}: ${ramBytes} B of RAM (${bytes(ramBytes)})` },
    `arena ${arenaBytes} B, ${steps.length} steps`,
    `${choices.packed.size} tensors in 4 bits, ${choices.columns.size} layers by parts of rows, ${choices.fetches.size} fetch their constants`,
    '',
    ...lines,
    '',
    `peak: ${peak.bytes} B alive at step ${peak.step}, rows ${peak.row}..${peak.row + peak.rows - 1} of '${peak.node}'`,
    '',
    {
      columns: [
        { title: '' },
        { title: 'what' },
        { title: 'of' },
        { title: 'address', ...RIGHT, rank: 1 },
        { title: 'bytes', ...RIGHT },
        { title: 'alive', ...RIGHT },
      ],
      rows: peak.alive.map((a) => [
        a.letter,
        a.what,
        a.name,
        String(a.offset),
        String(a.bytes),
        String(a.alive),
      ]),
    },
  ];
  const packed = [...choices.packed];
  const result = {
    ...{ name, weights, ramBytes, arenaBytes, steps: steps.length, packed, peak },
    chart: lines,
  };
  return { result: { kind: 'plan' as const, ...result }, parts };
}
