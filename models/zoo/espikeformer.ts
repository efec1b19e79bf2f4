import type { NetNode } from '../net.js';
import { attention, type Builder, conv, downsample, head, mixer, sepConv } from './blocks.js';

/** Sizes of an E-SpikeFormer; published ones in `espikeformerDims`. */
export type ESpikeFormerOptions = {
  channels: number;
  classes: number;
  /** Channels of the stages; the first runs at half of dims[0]. */
  dims: [number, number, number, number];
  heads: number;
  /** Widening of the 3x3 mixers and, unless `mlpRatio` says otherwise, of the MLPs. */
  ratio: number;
  mlpRatio?: number;
  /** Widening of the SepConvs. */
  sepRatio: number;
  /** Side of the first convolution's kernel. */
  stem: number;
  /** Side of the depthwise kernels in the conv blocks and in the transformer blocks. */
  depthwiseKernels: [number, number];
  levels: number;
  /** Transformer blocks in stages 3 and 4. */
  depths: [number, number];
};

/** t, s, m, l: 2.7M, 5.1M, 10M and 19M parameters with 1,000 classes; nano has about 0.3M with 10. */
export const espikeformerDims: Record<'nano' | 't' | 's' | 'm' | 'l', ESpikeFormerOptions['dims']> = {
  nano: [8, 16, 32, 48],
  t: [24, 48, 96, 128],
  s: [32, 64, 128, 192],
  m: [48, 96, 192, 240],
  l: [64, 128, 256, 360],
};

export const espikeformerDefaults: ESpikeFormerOptions = {
  channels: 3,
  classes: 1000,
  dims: espikeformerDims.m,
  heads: 8,
  ratio: 4,
  sepRatio: 2,
  stem: 7,
  depthwiseKernels: [7, 3],
  levels: 4,
  depths: [6, 2],
};

const layer = (prefix: string) => ({ conv: `${prefix}.0`, bn: `${prefix}.1` });

const sepNames = (prefix: string) => ({
  neurons: [`${prefix}.spike1`, `${prefix}.spike2`, `${prefix}.spike3`] as [string, string, string],
  layers: [layer(`${prefix}.pwconv1`), layer(`${prefix}.dwconv`), layer(`${prefix}.pwconv2`)] as [
    { conv: string; bn: string },
    { conv: string; bn: string },
    { conv: string; bn: string },
  ],
  sum: prefix,
});

function convBlock(b: Builder, x: string, block: string, channels: number, o: ESpikeFormerOptions): string {
  const sep = { channels, ratio: o.sepRatio, kernel: o.depthwiseKernels[0] };
  const y = sepConv(b, x, sepNames(`${block}.Conv`), sep);
  const names = {
    neurons: [`${block}.spike1`, `${block}.spike2`] as [string, string],
    layers: [
      { conv: `${block}.conv1`, bn: `${block}.bn1` },
      { conv: `${block}.conv2`, bn: `${block}.bn2` },
    ] as [{ conv: string; bn: string }, { conv: string; bn: string }],
    sum: block,
  };
  return mixer(b, y, names, { channels, ratio: o.ratio, kernel: 3 });
}

function transformerBlock(
  b: Builder,
  x: string,
  block: string,
  channels: number,
  o: ESpikeFormerOptions,
): string {
  const sep = { channels, ratio: o.sepRatio, kernel: o.depthwiseKernels[1] };
  let y = sepConv(b, x, sepNames(`${block}.conv`), sep);
  const attn = `${block}.attn`;
  const attentionNames = {
    neurons: {
      input: `${attn}.head_spike`,
      q: `${attn}.q_spike`,
      k: `${attn}.k_spike`,
      v: `${attn}.v_spike`,
      output: `${attn}.attn_spike`,
    },
    layers: {
      q: layer(`${attn}.q_conv`),
      k: layer(`${attn}.k_conv`),
      v: layer(`${attn}.v_conv`),
      projection: layer(`${attn}.proj_conv`),
    },
    product: `${attn}.qkv`,
    sum: attn,
  };
  y = attention(b, y, attentionNames, { channels, heads: o.heads, rank: 3 });
  const mlp = `${block}.mlp`;
  const mlpNames = {
    neurons: [`${mlp}.fc1_spike`, `${mlp}.fc2_spike`] as [string, string],
    layers: [
      { conv: `${mlp}.fc1_conv`, bn: `${mlp}.fc1_bn` },
      { conv: `${mlp}.fc2_conv`, bn: `${mlp}.fc2_bn` },
    ] as [{ conv: string; bn: string }, { conv: string; bn: string }],
    sum: mlp,
  };
  const ratio = o.mlpRatio ?? o.ratio;
  return mixer(b, y, mlpNames, { channels, ratio, bias: true, rank: 3, weightRank: 3 });
}

/** E-SpikeFormer in the authors' module names and order of execution. */
export function espikeformer(o: ESpikeFormerOptions): NetNode[] {
  const b: Builder = { nodes: [], levels: o.levels };
  const [c1, c2, c3, c4] = o.dims;
  const half = c1 >> 1;
  const encode = (name: string) => ({
    neuron: `${name}.encode_spike`,
    conv: `${name}.encode_conv`,
    bn: `${name}.encode_bn`,
  });
  let x = conv(b, 'input', encode('downsample1_1'), {
    in: o.channels,
    out: half,
    kernel: o.stem,
    stride: 2,
    bias: true,
  });
  x = convBlock(b, x, 'ConvBlock1_1.0', half, o);
  x = downsample(b, x, encode('downsample1_2'), { in: half, out: c1, stride: 2 });
  x = convBlock(b, x, 'ConvBlock1_2.0', c1, o);
  x = downsample(b, x, encode('downsample2'), { in: c1, out: c2, stride: 2 });
  x = convBlock(b, x, 'ConvBlock2_1.0', c2, o);
  x = convBlock(b, x, 'ConvBlock2_2.0', c2, o);
  x = downsample(b, x, encode('downsample3'), { in: c2, out: c3, stride: 2 });
  for (let i = 0; i < o.depths[0]; i++) x = transformerBlock(b, x, `block3.${i}`, c3, o);
  x = downsample(b, x, encode('downsample4'), { in: c3, out: c4, stride: 1 });
  for (let i = 0; i < o.depths[1]; i++) x = transformerBlock(b, x, `block4.${i}`, c4, o);
  head(b, x, { pool: 'pool', neuron: 'spike', linear: 'head' }, { channels: c4, classes: o.classes });
  return b.nodes;
}
