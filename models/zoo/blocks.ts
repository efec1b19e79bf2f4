import type { NetConv, NetNode } from '../net.js';

/**
 * The blocks of E-SpikeFormer (arXiv 2411.16061), as functions that append nodes and return the name of their
 * result. Every net of the zoo is made of them, so nets differ only in sizes and in parameter names.
 */
export type Builder = { nodes: NetNode[]; levels: number };

/** Parameter names of one conv + BN. */
export type LayerNames = { conv: string; bn: string };

/** As a sequence of the two numbers them. */
export const layer = (prefix: string): LayerNames => ({ conv: `${prefix}.0`, bn: `${prefix}.1` });

export type ConvOptions = {
  in: number;
  out: number;
  kernel?: number;
  stride?: number;
  groups?: number;
  bias?: boolean;
  weightRank?: 2 | 3 | 4;
};

export const neuron = (
  b: Builder,
  input: string,
  name: string,
  options: { rank?: 2 | 3; divisor?: number } = {},
) => {
  b.nodes.push({
    op: 'neuron',
    name,
    input,
    levels: b.levels,
    divisor: options.divisor ?? b.levels,
    ...(options.rank ? { rank: options.rank } : {}),
  });
  return name;
};

/** conv + BN with "same" padding for odd kernels. */
export const conv = (
  b: Builder,
  input: string,
  names: { conv: string; bn?: string },
  o: ConvOptions,
): string => {
  const kernel = o.kernel ?? 1;
  const groups = o.groups ?? 1;
  const fullShape = [o.out, o.in / groups, kernel, kernel];
  const node: NetConv = {
    op: 'conv',
    name: names.conv,
    input,
    in: o.in,
    out: o.out,
    kernel: [kernel, kernel],
    stride: [o.stride ?? 1, o.stride ?? 1],
    padding: [(kernel - 1) >> 1, (kernel - 1) >> 1],
    groups,
    bias: o.bias ?? false,
    ...(names.bn ? { bn: names.bn } : {}),
    weightShape: fullShape.slice(0, o.weightRank ?? 4),
  };
  b.nodes.push(node);
  return node.name;
};

export const add = (b: Builder, name: string, x: string, y: string): string => {
  b.nodes.push({ op: 'add', name, inputs: [x, y] });
  return name;
};

/** Names of a SepConv: three neurons, then pointwise, depthwise, pointwise. */
export type SepConvNames = {
  neurons: [string, string, string];
  layers: [LayerNames, LayerNames, LayerNames];
};

/** x + (neuron, 1x1 to ratio * C, BN, neuron, depthwise k x k, BN, neuron, 1x1 to C, BN)(x) */
export function sepConv(
  b: Builder,
  x: string,
  names: SepConvNames & { sum: string },
  o: { channels: number; ratio: number; kernel: number },
): string {
  const { channels: C } = o;
  const wide = o.ratio * C;
  let y = neuron(b, x, names.neurons[0]);
  y = conv(b, y, names.layers[0], { in: C, out: wide });
  y = neuron(b, y, names.neurons[1]);
  y = conv(b, y, names.layers[1], { in: wide, out: wide, kernel: o.kernel, groups: wide });
  y = neuron(b, y, names.neurons[2]);
  y = conv(b, y, names.layers[2], { in: wide, out: C });
  return add(b, names.sum, x, y);
}

/**
 * x + (neuron, conv to ratio * C, BN, neuron, conv to C, BN)(x): the channel mixer of a conv block, and the
 * MLP.
 */
export function mixer(
  b: Builder,
  x: string,
  names: { neurons: [string, string]; layers: [LayerNames, LayerNames]; sum: string },
  o: { channels: number; ratio: number; kernel?: number; bias?: boolean; rank?: 3; weightRank?: 3 },
): string {
  const rank = o.rank ? { rank: o.rank } : {};
  const shared = {
    ...(o.kernel ? { kernel: o.kernel } : {}),
    ...(o.bias ? { bias: true } : {}),
    ...(o.weightRank ? { weightRank: o.weightRank } : {}),
  };
  const wide = o.ratio * o.channels;
  let y = neuron(b, x, names.neurons[0], rank);
  y = conv(b, y, names.layers[0], { in: o.channels, out: wide, ...shared });
  y = neuron(b, y, names.neurons[1], rank);
  y = conv(b, y, names.layers[1], { in: wide, out: o.channels, ...shared });
  return add(b, names.sum, x, y);
}

export type AttentionNames = {
  neurons: { input: string; q: string; k: string; v: string; output: string };
  layers: { q: LayerNames; k: LayerNames; v: LayerNames; projection: LayerNames };
  product: string;
  sum: string;
};

/**
 * x + projection(neuron(scale * q (k^T v))), with q, k: 1x1 C to C and v: 1x1 C to 4C, each BN + neuron;
 * scale = 2 * (C / heads)^-0.5, as in the reference.
 */
export function attention(
  b: Builder,
  x: string,
  names: AttentionNames,
  o: { channels: number; heads: number; rank?: 3 },
): string {
  const { channels: C, heads } = o;
  const input = neuron(b, x, names.neurons.input);
  const branch = (which: 'q' | 'k' | 'v', out: number) =>
    neuron(b, conv(b, input, names.layers[which], { in: C, out }), names.neurons[which]);
  const inputs: [string, string, string] = [branch('q', C), branch('k', C), branch('v', 4 * C)];
  b.nodes.push({ op: 'attend', name: names.product, inputs, heads, scale: 2 / Math.sqrt(C / heads) });
  const y = neuron(b, names.product, names.neurons.output, o.rank ? { rank: o.rank } : {});
  return add(b, names.sum, x, conv(b, y, names.layers.projection, { in: 4 * C, out: C }));
}

/** neuron, conv with stride and bias, BN: between the stages. */
export function downsample(
  b: Builder,
  x: string,
  names: { neuron: string } & LayerNames,
  o: { in: number; out: number; stride: number },
): string {
  return conv(b, neuron(b, x, names.neuron), names, {
    in: o.in,
    out: o.out,
    kernel: 3,
    stride: o.stride,
    bias: true,
  });
}

/** Global average of the residual stream, neuron with divisor 1, linear layer with bias. */
export function head(
  b: Builder,
  x: string,
  names: { pool: string; neuron: string; linear: string },
  o: { channels: number; classes: number },
): string {
  b.nodes.push({ op: 'pool', name: names.pool, input: x });
  const y = neuron(b, names.pool, names.neuron, { divisor: 1, rank: 2 });
  return conv(b, y, { conv: names.linear }, { in: o.channels, out: o.classes, bias: true, weightRank: 2 });
}
