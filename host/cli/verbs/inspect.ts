import { activationSparsity, operationsOf } from '../../../models/activity.js';
import { labelled } from '../../../models/error.js';
import { definition, type Graph, type GraphNode, prove } from '../../../models/graph.js';
import { countParams, type Net, netDefinition, netMacs, netShapes } from '../../../models/net.js';
import { union } from '../../../models/ops/op.js';
import { packedBytes } from '../../../models/packing.js';
import { describeWasm, rowBytesOf, SECTION } from '../../../wasm/describe.js';
import { loadGraph, loadNetOrGraph } from '../../api/load.js';
import { usages } from '../../data/index.js';
import { bytes, percent, quantity } from '../../report/text.js';
import { isWasm, moduleOf } from '../../run/open-model.js';
import { readBytes } from '../../system/files.js';
import { budgetOf, type PlanFlags } from '../../targets/options.js';
import type { Io } from '../io.js';
import { planOptions } from '../plan-options.js';
import { integer, usageError, verb } from '../verb.js';
import { inspectNeuroBench } from './inspect-neurobench.js';
import { inspectPlan } from './inspect-plan.js';

type Options = PlanFlags & { plan?: boolean; data?: string; count: number };

export const inspect = verb<Options>({
  summary: 'print what is in a Net, a Graph or a model.wasm',
  arguments: [['<file>', 'a .safetensors of spikelet, a model.wasm or a folder that build wrote']],
  options: [
    { flags: '--plan', description: 'how build would run a Graph: its memory over its steps, as a chart' },
    {
      flags: '--data <spec>',
      description: `count NeuroBench's metrics of a Graph on test images: ${usages()}`,
    },
    {
      flags: '--count <n>',
      description: 'with --data: test images',
      parse: integer(1, 10_000_000),
      default: 100,
    },
    ...planOptions.map((option) => ({ ...option, description: `with --plan: ${option.description}` })),
  ],
  async run([path], { plan, data, count, ...options }, io) {
    const budget = budgetOf(options);
    if (!plan && Object.keys(budget).length)
      throw usageError('--ram, --time and --weights are of --plan', 'add --plan');
    if (plan && data !== undefined) throw usageError('--plan and --data are two views', 'omit one of them');
    if (data !== undefined)
      return {
        result: await inspectNeuroBench(path!, await loadGraph(path!), { spec: data, count }, io),
      };
    if (plan) return { result: inspectPlan(await loadGraph(path!), budget, io) };
    const start = await readBytes(await moduleOf(path!));
    if (isWasm(start)) return { result: labelled(path!, () => inspectWasm(start, io)) };
    const found = await loadNetOrGraph(path!);
    return { result: 'net' in found ? inspectNet(found.net, io) : inspectGraph(found.graph, io) };
  },
});

const right = (title: string, rank?: number) => ({ title, right: true, ...(rank ? { rank } : {}) });

function inspectNet(net: Net, io: Io) {
  const shapes = netShapes(net);
  const layers = net.nodes.map((node) => ({
    layer: node.name,
    op: netDefinition(node).describe(node),
    shape: shapes.get(node.name)!,
    parameters: countParams({ ...net, nodes: [node] }),
    macs: netMacs(node, shapes),
  }));
  const parameters = countParams(net);
  const macs = layers.reduce((sum, layer) => sum + layer.macs, 0);
  io.print(io.bold(`Net '${net.name}': image ${net.input.shape.join(' x ')}, ${net.classes.length} classes`));
  io.table(
    [{ title: 'layer' }, { title: 'op' }, right('shape'), right('parameters'), right('MACs')],
    layers.map((l) => [l.layer, l.op, l.shape.join(' x '), quantity(l.parameters), quantity(l.macs)]),
  );
  io.print();
  io.print(`${parameters} parameters, ${quantity(macs)} MACs`);
  return { kind: 'net', name: net.name, input: net.input, classes: net.classes, parameters, macs, layers };
}

function inspectGraph(graph: Graph, io: Io) {
  const proof = prove(graph);
  const layers = graph.nodes.map((node) => {
    const tensor = graph.tensors[node.output]!;
    const { accumulator } = proof.nodes.get(node.name)!;
    return {
      layer: node.name,
      op: definition(node).describe(node),
      output: node.output,
      kind: tensor.kind,
      type: tensor.type,
      shape: tensor.shape,
      accumulator,
      range: union(proof.tensors.get(node.output)!),
      macs: definition(node).macs(node, graph),
      operations: operationsOf(node, graph) ?? null,
      bytes: constantBytes(node, graph),
    };
  });
  io.print(
    io.bold(
      `Graph '${graph.name}': image ${graph.tensors['input']!.shape.join(' x ')}, ${graph.classes.length} classes`,
    ),
  );
  io.table(
    [
      { title: 'layer' },
      { title: 'op' },
      { title: 'output', rank: 2 },
      right('shape'),
      right('accumulator', 6),
      right('output range', 5),
      right('MACs'),
      right('events', 4),
      right('SOPs', 3),
      right('bytes', 1),
    ],
    layers.map((l) => [
      l.layer,
      l.op,
      `${l.kind} ${l.type}`,
      l.shape.join(' x '),
      `${l.accumulator.lo}..${l.accumulator.hi}`,
      `${l.range.lo}..${l.range.hi}`,
      quantity(l.macs),
      l.operations ? quantity(Math.round(l.operations.events)) : '?',
      l.operations ? quantity(Math.round(l.operations.effectiveAcs)) : '?',
      String(l.bytes),
    ]),
  );
  const total = (key: 'macs' | 'bytes') => layers.reduce((sum, layer) => sum + layer[key], 0);
  io.print();
  io.print(
    `${quantity(total('macs'))} MACs, ${bytes(total('bytes'))} of constants; every range is proven from the weights`,
  );
  const cost = totalOperations(graph, io);
  return {
    kind: 'graph',
    name: graph.name,
    classes: graph.classes,
    ...cost,
    macs: total('macs'),
    bytes: total('bytes'),
    layers,
  };
}

/** Work of the whole graph as it is estimated from the activity of the calibration images. */
function totalOperations(graph: Graph, io: Io) {
  const layers = graph.nodes.map((node) => operationsOf(node, graph));
  const sparsity = activationSparsity(graph);
  if (sparsity === undefined || layers.includes(undefined)) {
    io.print('no activity is known: the graph was not calibrated');
    return {};
  }
  const sum = (key: 'effectiveMacs' | 'effectiveAcs' | 'events') =>
    layers.reduce((all, layer) => all + layer![key], 0);
  const cost = {
    effectiveMacs: sum('effectiveMacs'),
    effectiveAcs: sum('effectiveAcs'),
    events: sum('events'),
    activationSparsity: sparsity,
  };
  io.print(
    `estimated from the calibration images: MACs of pixels ${quantity(Math.round(cost.effectiveMacs))}, SOPs ` +
      `${quantity(Math.round(cost.effectiveAcs))}`,
  );
  io.print(`in ${quantity(Math.round(cost.events))} events, activation sparsity ${percent(sparsity)}`);
  return cost;
}

const constantBytes = (node: GraphNode, graph: Graph): number =>
  definition(node)
    .constants(node)
    .reduce((sum, constant) => {
      const length = constant.length(graph);
      return sum + (constant.type === 'i8' ? packedBytes(length, constant.bits) : 4 * length);
    }, 0);

function inspectWasm(module: Uint8Array<ArrayBuffer>, io: Io) {
  const description = describeWasm(module);
  const tensors = description.tensors.map((tensor) => {
    const [name, kind, type, shape, address, ring] = tensor;
    return { name, kind, type, shape, address, ring, bytes: ring * rowBytesOf(tensor) };
  });
  const image = description.image[1];
  const outside = description.outside?.[0] ?? 0;
  const constants = image + outside;
  const arena = description.arena[1];
  io.print(io.bold(`WebAssembly model '${description.name}', ${description.classes.length} classes`));
  io.table(
    [
      { title: 'tensor' },
      { title: 'kind' },
      right('shape'),
      right('address', 2),
      right('rows held', 1),
      right('bytes'),
    ],
    tensors.map((t) => [
      t.name,
      `${t.kind} ${t.type}`,
      t.shape.join(' x '),
      String(t.address),
      String(t.ring),
      String(t.bytes),
    ]),
  );
  io.print();
  io.print(
    `${bytes(module.length)}: ${description.weights} B of weights, ${constants - description.weights} B of other constants,`,
  );
  io.print(`${module.length - image} B of code and of the section '${SECTION}'; arena ${bytes(arena)}`);
  if (outside) io.print(`${outside} B of the constants lie outside`);
  return {
    kind: 'wasm',
    name: description.name,
    classes: description.classes,
    bytes: { module: module.length, weights: description.weights, constants, outside, arena },
    tensors,
  };
}
