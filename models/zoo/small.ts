import type { NetNode } from '../net.js';
import { attention, type Builder, conv, downsample, head, layer, mixer, sepConv } from './blocks.js';

/** Sizes of `tiny` and `mini`; each has its own defaults. */
export type SmallOptions = {
  /** Channels of the image. */
  channels: number;
  classes: number;
  /** Channels of the two stages. */
  widths: [number, number];
  /** Levels D of every neuron. */
  levels: number;
  /** Conv blocks in each stage. */
  blocks: [number, number];
  /** Transformer blocks after the second stage. */
  transformers: number;
  heads: number;
  /** Widening of the 3x3 mixer in each stage's conv blocks. */
  ratios: [number, number];
  /** Side of the depthwise kernel in each stage's conv blocks. */
  depthwise: [number, number];
  /** Side of the first convolution's kernel. */
  stem: number;
  /** Widening of the SepConvs. */
  sepRatio: number;
  /** Widening of the transformers' MLPs, and the side of their depthwise kernels. */
  mlpRatio: number;
  transformerDepthwise: number;
};

export const tinyDefaults: SmallOptions = {
  channels: 1,
  classes: 10,
  widths: [16, 32],
  levels: 4,
  blocks: [1, 1],
  transformers: 1,
  heads: 4,
  ratios: [2, 2],
  depthwise: [7, 7],
  stem: 5,
  sepRatio: 2,
  mlpRatio: 4,
  transformerDepthwise: 3,
};

export const miniDefaults: SmallOptions = {
  ...tinyDefaults,
  widths: [8, 16],
  transformers: 0,
  ratios: [2, 1],
  depthwise: [5, 3],
};

const sepNames = (block: string) => ({
  neurons: [`${block}.sep.net.0`, `${block}.sep.net.2`, `${block}.sep.net.4`] as [string, string, string],
  layers: [layer(`${block}.sep.net.1`), layer(`${block}.sep.net.3`), layer(`${block}.sep.net.5`)] as [
    { conv: string; bn: string },
    { conv: string; bn: string },
    { conv: string; bn: string },
  ],
  sum: `${block}.sep`,
});

const mixerNames = (prefix: string) => ({
  neurons: [`${prefix}.0`, `${prefix}.2`] as [string, string],
  layers: [layer(`${prefix}.1`), layer(`${prefix}.3`)] as [
    { conv: string; bn: string },
    { conv: string; bn: string },
  ],
  sum: prefix,
});

const attentionNames = (block: string) => ({
  neurons: {
    input: `${block}.attn.hs`,
    q: `${block}.attn.qs`,
    k: `${block}.attn.ks`,
    v: `${block}.attn.vs`,
    output: `${block}.attn.as_`,
  },
  layers: {
    q: layer(`${block}.attn.q`),
    k: layer(`${block}.attn.k`),
    v: layer(`${block}.attn.v`),
    projection: layer(`${block}.attn.p`),
  },
  product: `${block}.attn.qkv`,
  sum: `${block}.attn`,
});

/**
 * A two-stage conv + attention SFA net: stem with stride 2, conv blocks, 3x3 stride 2, conv blocks,
 * transformer blocks, global average, linear head. With `tinyDefaults` 86,506 parameters, in the names
 * b1, d, b2, b3 (blocks are numbered through).
 */
export function smallNet(o: SmallOptions): NetNode[] {
  const b: Builder = { nodes: [], levels: o.levels };
  const [narrow, wide] = o.widths;
  let count = 0;
  const stem = { in: o.channels, out: narrow, kernel: o.stem, stride: 2, bias: true };
  let x = conv(b, 'input', layer('stem'), stem);
  const convBlocks = (stage: 0 | 1, channels: number) => {
    for (let i = 0; i < o.blocks[stage]; i++) {
      const block = `b${++count}`;
      const sep = { channels, ratio: o.sepRatio, kernel: o.depthwise[stage] };
      x = sepConv(b, x, sepNames(block), sep);
      x = mixer(b, x, mixerNames(`${block}.ch`), { channels, ratio: o.ratios[stage], kernel: 3 });
    }
  };
  convBlocks(0, narrow);
  x = downsample(b, x, { neuron: 'd.0', ...layer('d.1') }, { in: narrow, out: wide, stride: 2 });
  convBlocks(1, wide);
  for (let i = 0; i < o.transformers; i++) {
    const block = `b${++count}`;
    const sep = { channels: wide, ratio: o.sepRatio, kernel: o.transformerDepthwise };
    x = sepConv(b, x, sepNames(block), sep);
    x = attention(b, x, attentionNames(block), { channels: wide, heads: o.heads });
    x = mixer(b, x, mixerNames(`${block}.mlp`), { channels: wide, ratio: o.mlpRatio, bias: true });
  }
  head(b, x, { pool: 'pool', neuron: 'hs', linear: 'head' }, { channels: wide, classes: o.classes });
  return b.nodes;
}
