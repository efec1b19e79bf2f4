import { emitBuild } from '../../host/wasm/build.js';
import { loadWasm, type WasmModel } from '../../host/wasm/load.js';
import { definition, type Graph, product } from '../../models/index.js';
import { randomPixels } from '../support/wasm-models.js';
import { verdict } from './cli.js';
import { espikeformerLike, sizes } from './sized.js';

/**
 * `npm run bench -- scale`: whether time grows as the work grows: E-SpikeFormer t, s, m and l at 224x224 with
 * random constants, in turn on one thread; time per MAC and density of each. Half a minute.
 */
const ROUNDS = 15;

type Sized = { size: string; graph: Graph; model: WasmModel; pixels: Int8Array; times: number[] };

const sized: Sized[] = [];
for (const size of sizes) {
  const { graph, random } = espikeformerLike(size);
  const { files } = await emitBuild(graph);
  const model = loadWasm(files[0]!.contents as Uint8Array<ArrayBuffer>);
  sized.push({ size, graph, model, pixels: randomPixels(graph, random, 1), times: [] });
}
for (let round = -2; round < ROUNDS; round++)
  for (const { model, pixels, times } of sized) {
    const start = performance.now();
    model.infer(pixels);
    if (round >= 0) times.push(performance.now() - start);
  }
console.log('size   parameters   MACs      density   median ms   least ms   ps/MAC   ps/MAC of the least');
const rows = sized.map(({ size, graph, model, pixels, times }) => {
  times.sort((a, b) => a - b);
  const [median, least] = [times[ROUNDS >> 1]!, times[0]!];
  const { macs, density } = work(graph, model, pixels);
  const parameters = graph.nodes.reduce(
    (sum, node) => sum + ('weights' in node ? graph.data.get(node.weights)!.length : 0),
    0,
  );
  const each = [median, least].map((ms) => (ms * 1e9) / macs) as [number, number];
  console.log(
    [
      size.padEnd(4),
      `${(parameters / 1e6).toFixed(1)} M`.padStart(12),
      `${(macs / 1e6).toFixed(0)} M`.padStart(9),
      density.toFixed(3).padStart(9),
      median.toFixed(1).padStart(11),
      least.toFixed(1).padStart(10),
      each[0].toFixed(2).padStart(8),
      each[1].toFixed(2).padStart(12),
    ].join(' '),
  );
  return each;
});
for (const [i, which] of ['median', 'least'].entries()) {
  const values = rows.map((row) => row[i]!);
  const spread = Math.max(...values) / Math.min(...values);
  verdict(`time per MAC, largest / smallest, ${which}`, spread.toFixed(2), '<= 1.5', spread <= 1.5);
}

/** Dense MACs of an image, and the share of them whose input is not zero. */
function work(graph: Graph, model: WasmModel, pixels: Int8Array): { macs: number; density: number } {
  const active = new Map<string, number>();
  model.infer(pixels, (tensor, bytes) => {
    if (graph.tensors[tensor]!.kind === 'membrane') return;
    let count = active.get(tensor) ?? 0;
    for (const value of bytes) if (value) count++;
    active.set(tensor, count);
  });
  let [macs, used] = [0, 0];
  for (const node of graph.nodes) {
    const own = definition(node).macs(node, graph);
    macs += own;
    if (node.op === 'accumulate')
      used += (own * active.get(node.input)!) / product(graph.tensors[node.input]!.shape);
    else if (node.op === 'attend')
      used +=
        (own / 2) *
        node.inputs
          .slice(0, 2)
          .reduce((sum, name) => sum + active.get(name)! / product(graph.tensors[name]!.shape), 0);
  }
  return { macs, density: used / macs };
}
