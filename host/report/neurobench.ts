import type { Graph } from '../../models/graph.js';
import { interpret } from '../../models/interpret.js';
import { neuroBench } from '../../models/neurobench.js';
import { type Part, percent, quantity } from './text.js';

/** Runs a Graph on i8 pixels and counts NeuroBench's metrics of it. `source`: whose images they are, for people. */
export function inspectNeuroBench(
  graph: Graph,
  images: Iterable<Int8Array>,
  source: string,
  onProgress?: (done: number) => void,
) {
  const bench = neuroBench(graph);
  let samples = 0;
  for (const pixels of images) {
    interpret(graph, pixels, bench.add);
    samples++;
    onProgress?.(samples);
  }
  const found = bench.result(samples);
  const { Effective_MACs, Effective_ACs, Dense } = found.SynapticOperations;
  const parts: Part[] = [
    `Graph '${graph.name}' on ${samples} test images of ${source}, by the definitions of NeuroBench`,
    {
      columns: [{ title: 'metric' }, { title: 'value', right: true }],
      rows: [
        ['ConnectionSparsity', percent(found.ConnectionSparsity, 2)],
        ['ActivationSparsity', percent(found.ActivationSparsity, 2)],
        ['Effective_MACs', quantity(Math.round(Effective_MACs))],
        ['Effective_ACs', quantity(Math.round(Effective_ACs))],
        ['Dense', quantity(Math.round(Dense))],
      ],
    },
    'operations are means of one image; zero weights and padding do not count;',
    'a layer with a count above 1 among its inputs is all MACs',
  ];
  return { result: { kind: 'neurobench' as const, name: graph.name, samples, ...found }, parts };
}
