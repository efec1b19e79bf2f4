import type { Graph } from '../../../models/graph.js';
import { interpret } from '../../../models/interpret.js';
import { type NeuroBench, neuroBench } from '../../../models/neurobench.js';
import { datasetFor } from '../../api/images.js';
import { testPixels } from '../../data/pixels.js';
import { percent, quantity } from '../../report/text.js';
import type { Io } from '../io.js';

/** Runs a Graph on test images and prints NeuroBench's metrics of it, counted and not estimated. */
export async function inspectNeuroBench(
  path: string,
  graph: Graph,
  { spec, count }: { spec: string; count: number },
  io: Io,
): Promise<{ kind: 'neurobench'; name: string; samples: number } & NeuroBench> {
  const { data, samples } = await datasetFor(path, graph, { spec, count }, io.note);
  const bench = neuroBench(graph);
  const bar = io.progress('counting');
  let done = 0;
  for (const pixels of testPixels(graph, data, samples)) {
    interpret(graph, pixels, bench.add);
    bar.update(++done, samples);
  }
  bar.done();
  const found = bench.result(done);
  const { Effective_MACs, Effective_ACs, Dense } = found.SynapticOperations;
  io.print(`Graph '${graph.name}' on ${done} test images of ${data.name}, by the definitions of NeuroBench`);
  io.table(
    [{ title: 'metric' }, { title: 'value', right: true }],
    [
      ['ConnectionSparsity', percent(found.ConnectionSparsity, 2)],
      ['ActivationSparsity', percent(found.ActivationSparsity, 2)],
      ['Effective_MACs', quantity(Math.round(Effective_MACs))],
      ['Effective_ACs', quantity(Math.round(Effective_ACs))],
      ['Dense', quantity(Math.round(Dense))],
    ],
  );
  io.print('operations are means of one image; zero weights and padding do not count;');
  io.print('a layer with a count above 1 among its inputs is all MACs');
  return { kind: 'neurobench', name: graph.name, samples: done, ...found };
}
