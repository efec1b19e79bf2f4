import { activationSparsity, operationsOf } from '../../models/activity.js';
import {
  describeFrontEnd,
  type FrontEnd,
  frontEndShape,
  frontEndState,
} from '../../models/frontends/index.js';
import { definition, type Graph, type GraphNode, prove } from '../../models/graph.js';
import { countParams, type Net, netDefinition, netMacs, netShapes } from '../../models/net.js';
import { union } from '../../models/ops/op.js';
import { packedBytes } from '../../models/packing.js';
import { bytes, type Part, percent, quantity } from './text.js';

const right = (title: string, rank?: number) => ({ title, right: true, ...(rank ? { rank } : {}) });

/** What makes images of a raw signal, and the RAM that a stream of it takes. */
function inspectFrontEnd({ frontEnd }: { frontEnd?: FrontEnd }) {
  if (!frontEnd) return { result: {}, parts: [] };
  const { kind, parameters } = frontEnd;
  const stateBytes = Object.values(frontEndState(frontEnd)).reduce((sum, part) => sum + part, 0);
  const result = { kind, parameters, shape: frontEndShape(frontEnd), stateBytes };
  return {
    result: { frontEnd: result },
    parts: [`front end '${kind}': ${describeFrontEnd(frontEnd)}; ${bytes(stateBytes)} of state`],
  };
}

/** The layers of a Net: shapes, parameters, multiplications of one image. */
export function inspectNet(net: Net) {
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
  const { name, input, classes } = net;
  const frontEnd = inspectFrontEnd(net);
  const parts: Part[] = [
    { title: `Net '${name}': image ${input.shape.join(' x ')}, ${classes.length} classes` },
    ...frontEnd.parts,
    {
      columns: [{ title: 'layer' }, { title: 'op' }, right('shape'), right('parameters'), right('MACs')],
      rows: layers.map((l) => [l.layer, l.op, l.shape.join(' x '), quantity(l.parameters), quantity(l.macs)]),
    },
    '',
    `${parameters} parameters, ${quantity(macs)} MACs`,
  ];
  return {
    result: { kind: 'net' as const, name, input, ...frontEnd.result, classes, parameters, macs, layers },
    parts,
  };
}

/** The layers of a Graph: ranges that are proven, work as estimated from the calibration images, bytes of constants. */
export function inspectGraph(graph: Graph) {
  const layers = graphLayers(graph);
  const total = (key: 'macs' | 'bytes') => layers.reduce((sum, layer) => sum + layer[key], 0);
  const { name, classes } = graph;
  const shape = graph.tensors['input']!.shape.join(' x ');
  const cost = totalOperations(graph);
  const frontEnd = inspectFrontEnd(graph);
  const parts: Part[] = [
    { title: `Graph '${name}': image ${shape}, ${classes.length} classes` },
    ...frontEnd.parts,
    layerTable(layers),
    '',
    `${quantity(total('macs'))} MACs, ${bytes(total('bytes'))} of constants; every range is proven from the weights`,
    ...(cost
      ? [
          `estimated from the calibration images: MACs of pixels ${quantity(Math.round(cost.effectiveMacs))}, SOPs ` +
            `${quantity(Math.round(cost.effectiveAcs))}`,
          `in ${quantity(Math.round(cost.events))} events, activation sparsity ${percent(cost.activationSparsity)}`,
        ]
      : ['no activity is known: the graph was not calibrated']),
  ];
  const sizes = { macs: total('macs'), bytes: total('bytes') };
  return {
    result: { kind: 'graph' as const, name, ...frontEnd.result, classes, ...cost, ...sizes, layers },
    parts,
  };
}

function graphLayers(graph: Graph) {
  const proof = prove(graph);
  return graph.nodes.map((node) => {
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
}

const layerTable = (layers: ReturnType<typeof graphLayers>): Part => ({
  columns: [
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
  rows: layers.map((l) => [
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
});

/** Work of the whole graph as it is estimated from the activity of the calibration images; undefined where none is known. */
function totalOperations(graph: Graph) {
  const layers = graph.nodes.map((node) => operationsOf(node, graph));
  const activationSparse = activationSparsity(graph);
  if (activationSparse === undefined || layers.includes(undefined)) return undefined;
  const sum = (key: 'effectiveMacs' | 'effectiveAcs' | 'events') =>
    layers.reduce((all, layer) => all + layer![key], 0);
  return {
    effectiveMacs: sum('effectiveMacs'),
    effectiveAcs: sum('effectiveAcs'),
    events: sum('events'),
    activationSparsity: activationSparse,
  };
}

const constantBytes = (node: GraphNode, graph: Graph): number =>
  definition(node)
    .constants(node)
    .reduce((sum, constant) => {
      const length = constant.length(graph);
      return sum + (constant.type === 'i8' ? packedBytes(length, constant.bits) : 4 * length);
    }, 0);
