import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { definition, type Graph, type GraphNode, type OutputFile, product } from '../../models/index.js';

const folder = fileURLToPath(new URL('../../../test/bench/int8/', import.meta.url));

/** The plain C of test/bench/int8 and the tables of a graph for it. */
export async function plainC(graph: Graph): Promise<OutputFile[]> {
  const beside = async (path: string) => ({ path, contents: await readFile(folder + path, 'utf8') });
  return [
    await beside('int8.h'),
    await beside('int8.c'),
    {
      path: 'int8-net.h',
      contents: `#include <stdint.h>

extern int8_t *const int8_net_input;
extern uint32_t int8_net_ticks[${graph.nodes.length}];
const int32_t *int8_net_run(void);
`,
    },
    { path: 'int8-net.c', contents: tables(graph) },
  ];
}

const cTypes = { i8: 'int8_t', u8: 'uint8_t', i16: 'int16_t', i32: 'int32_t' };

function tables(graph: Graph): string {
  const tensors = Object.entries(graph.tensors);
  const numberOf = new Map(tensors.map(([name], i) => [name, i]));
  const arrays = [...graph.data].map(([, values], i) => {
    const type = values instanceof Int8Array ? 'int8_t' : 'int32_t';
    return `static const ${type} data_${i}[] = {${[...values].map((v) => (v === -(2 ** 31) ? '-2147483647 - 1' : v))}};`;
  });
  const dataOf = new Map([...graph.data.keys()].map((key, i) => [key, `data_${i}`]));
  const sums = Math.max(1, ...graph.nodes.map((node) => attendSums(node, graph)));
  return `#include "int8.h"
#include "int8-net.h"
#ifdef SPIKELET_TRACE
#include "platform.h"
#endif

${arrays.join('\n')}
static int32_t sums[${sums}];
${tensors.map(([, { type, shape }], i) => `static ${cTypes[type]} values_${i}[${product(shape)}];`).join('\n')}
static const struct int8_tensor tensors[] = {
${tensors.map(([, { type, shape }], i) => `  {INT8_${type.toUpperCase()}, ${shape.join(', ')}, values_${i}},`).join('\n')}
};
static const struct int8_node nodes[] = {
${graph.nodes.map((node) => `  {${fields(node, graph, numberOf, dataOf).join(', ')}},`).join('\n')}
};
int8_t *const int8_net_input = values_${numberOf.get('input')!};
uint32_t int8_net_ticks[${graph.nodes.length}];

const int32_t *int8_net_run(void) {
#ifdef SPIKELET_TRACE
  for (int i = 0; i < ${graph.nodes.length}; i++) {
    const uint32_t before = platform_ticks();
    int8_run(nodes + i, 1);
    int8_net_ticks[i] = platform_ticks() - before;
  }
#else
  int8_run(nodes, ${graph.nodes.length});
#endif
  return values_${numberOf.get(graph.nodes.at(-1)!.output)!};
}
`;
}

const attendSums = (node: GraphNode, graph: Graph): number => {
  if (node.op !== 'attend') return 0;
  const wide = graph.tensors[node.inputs[2]]!.shape[2];
  return graph.tensors[node.inputs[0]]!.shape[2] * (wide / node.heads) + wide;
};

function fields(
  node: GraphNode,
  graph: Graph,
  numberOf: Map<string, number>,
  dataOf: Map<string, string>,
): string[] {
  const tensor = (name: string | undefined) => `tensors + ${numberOf.get(name ?? '') ?? -1}`;
  const data = (field: string, key: string) => `.${field} = ${dataOf.get(key)!}`;
  const [x, x1, x2] = definition(node).inputs(node);
  const result = [`.op = INT8_${node.op.toUpperCase()}`, `.y = ${tensor(node.output)}`, `.x = ${tensor(x)}`];
  if (x1) result.push(`.x1 = ${tensor(x1)}`);
  if (x2) result.push(`.x2 = ${tensor(x2)}`);
  const levels = graph.tensors[node.output]!.levels ?? 0;
  result.push(`.levels = ${levels}`);
  const pair = (name: string, [rows, columns]: readonly [number, number]) =>
    result.push(`.${name}_rows = ${rows}`, `.${name}_columns = ${columns}`);
  if (node.op === 'accumulate') {
    const { end } = node;
    result.push(data('weights', node.weights), `.groups = ${node.groups}`);
    pair('kernel', node.kernel);
    pair('stride', node.stride);
    pair('padding', node.padding);
    if (end.kind === 'fire') result.push('.end = INT8_FIRES', data('thresholds', end.thresholds));
    else {
      result.push(`.end = ${end.kind === 'charge' ? 'INT8_CHARGES' : 'INT8_READS_OUT'}`);
      result.push(data('multiplier', end.multiplier), data('bias', end.bias), `.shift = ${end.shift}`);
    }
  } else if (node.op === 'pool') {
    pair('kernel', node.kernel);
    pair('stride', node.stride);
  } else if (!('thresholds' in node)) throw new Error(`the int8 comparison has no ${node.op}`);
  else {
    const shared = graph.data.get(node.thresholds)!.length === levels;
    result.push(data('thresholds', node.thresholds), `.shared = ${Number(shared)}`);
    if (node.op === 'attend') result.push(`.heads = ${node.heads}`, '.sums = sums');
  }
  return result;
}
