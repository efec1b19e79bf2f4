import { isConv, isTrainable, type Net, type NetConv, type Tensor, toFloat32 } from '../../models/index.js';

/**
 * Parameters in the layout that tfjs computes with: filters [rows, columns, in, out], depthwise ones
 * [rows, columns, channels, 1]; everything else as in the Net. Values are copies.
 */
export type Values = Map<string, { shape: number[]; data: Float32Array }>;

/** Whether a conv has one group per input channel. */
export const isDepthwise = (node: NetConv): boolean => node.groups > 1 && node.groups === node.in;

const filtersOf = (net: Net): Map<string, NetConv> =>
  new Map(net.nodes.flatMap((node) => (isConv(node) ? [[`${node.name}.weight`, node] as const] : [])));

/** Every parameter of a Net in tfjs's layout. */
export function toValues(net: Net, params: Map<string, Tensor> = net.params): Values {
  const filters = filtersOf(net);
  const values: Values = new Map();
  for (const [name, param] of params) {
    const filter = filters.get(name);
    const data = toFloat32(param.data);
    if (filter) values.set(name, { shape: filterShape(filter), data: reorder(data, filter, 'toTfjs') });
    else values.set(name, { shape: param.shape, data: data.slice() });
  }
  return values;
}

/** The inverse of `toValues`; bit for bit. */
export function fromValues(net: Net, values: Values): Map<string, Tensor> {
  const filters = filtersOf(net);
  return new Map(
    [...values].map(([name, { shape, data }]): [string, Tensor] => {
      const filter = filters.get(name);
      if (!filter) return [name, { shape, data: data.slice() }];
      return [name, { shape: filter.weightShape, data: reorder(data, filter, 'toNet') }];
    }),
  );
}

const filterShape = (node: NetConv): number[] =>
  isDepthwise(node) ? [...node.kernel, node.in, 1] : [...node.kernel, node.in, node.out];

/** [out][in / groups][taps] to [taps][in][out] (depthwise: [taps][channels]) or back. */
function reorder(data: Float32Array, node: NetConv, to: 'toTfjs' | 'toNet'): Float32Array {
  const taps = node.kernel[0] * node.kernel[1];
  const inputs = node.in / node.groups;
  const out = new Float32Array(data.length);
  for (let o = 0; o < node.out; o++)
    for (let i = 0; i < inputs; i++)
      for (let t = 0; t < taps; t++) {
        const ours = (o * inputs + i) * taps + t;
        const theirs = (t * inputs + i) * node.out + o;
        if (to === 'toTfjs') out[theirs] = data[ours]!;
        else out[ours] = data[theirs]!;
      }
  return out;
}

/** Biases of convs before a batch norm: the batch's mean cancels them, so their gradient is exactly 0. */
export const biasesWithoutEffect = (net: Net): Set<string> =>
  new Set(net.nodes.flatMap((n) => (isConv(n) && n.bn && n.bias ? [`${n.name}.bias`] : [])));

/** Names of the parameters that have a gradient, in the Net's order. */
export function trainedNames(net: Net): string[] {
  const idle = biasesWithoutEffect(net);
  return [...net.params.keys()].filter((name) => isTrainable(name) && !idle.has(name));
}
