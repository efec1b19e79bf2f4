import { type SmallOptions, smallNet, tinyDefaults } from '../../models/zoo/small.js';
import type { Architecture, Shapes } from './architecture.js';
import { numbersIn, sizeOf, widening } from './shapes.js';

/** Nets with the names of `tiny`: stem, conv blocks b1 ..., d, conv blocks, transformer blocks, head. */
export function readSmall(shapes: Shapes): Architecture | undefined {
  const blocks = numbersIn(shapes, /^b(\d+)\.(?:sep|ch|attn|mlp)\./);
  if (!shapes.has('stem.0.weight') || !blocks.length) return undefined;
  const d = tinyDefaults;
  const widths: [number, number] = [
    sizeOf(shapes, 'stem.0.weight', 0, d.widths[0]),
    sizeOf(shapes, 'd.1.0.weight', 0, d.widths[1]),
  ];
  const transformers = blocks.filter((n) => shapes.has(`b${n}.attn.q.0.weight`));
  const convBlocks = blocks.filter((n) => !transformers.includes(n));
  const stages = stagesOf(shapes, convBlocks, widths);
  const firstOf = ([n = 0]: number[], layer: string) => `b${n}.${layer}.0.weight`;
  const options: SmallOptions = {
    ...d,
    channels: sizeOf(shapes, 'stem.0.weight', 1, d.channels),
    stem: sizeOf(shapes, 'stem.0.weight', 2, d.stem),
    widths,
    classes: sizeOf(shapes, 'head.weight', 0, d.classes),
    blocks: [stages[0].length, stages[1].length],
    transformers: transformers.length,
    ratios: [
      widening(shapes, firstOf(stages[0], 'ch.1'), d.ratios[0]),
      widening(shapes, firstOf(stages[1], 'ch.1'), d.ratios[1]),
    ],
    depthwise: [
      sizeOf(shapes, firstOf(stages[0], 'sep.net.3'), 2, d.depthwise[0]),
      sizeOf(shapes, firstOf(stages[1], 'sep.net.3'), 2, d.depthwise[1]),
    ],
    sepRatio: widening(shapes, firstOf(blocks, 'sep.net.1'), d.sepRatio),
    mlpRatio: widening(shapes, firstOf(transformers, 'mlp.1'), d.mlpRatio),
    transformerDepthwise: sizeOf(shapes, firstOf(transformers, 'sep.net.3'), 2, d.transformerDepthwise),
  };
  const equal = widths[0] === widths[1] && convBlocks.length > 0;
  return {
    name: transformers.length ? 'tiny' : 'mini',
    classes: options.classes,
    channels: options.channels,
    side: options.channels === 1 ? 28 : 32,
    attention: { channels: transformers.length ? [widths[1]] : [], heads: d.heads, atLeast: 1 },
    nodes: (o) => smallNet({ ...options, ...o }),
    notes: equal
      ? [
          `both stages are ${widths[0]} channels wide: assumed the first has conv blocks ${stages[0].join(', ')}`,
        ]
      : [],
  };
}

/** Which conv blocks run before `d`, by their width; if the widths are equal, the first half (rounded up). */
function stagesOf(shapes: Shapes, blocks: number[], widths: [number, number]): [number[], number[]] {
  const half = Math.ceil(blocks.length / 2);
  if (widths[0] === widths[1]) return [blocks.slice(0, half), blocks.slice(half)];
  const isFirst = (n: number) => sizeOf(shapes, `b${n}.sep.net.5.0.weight`, 0, widths[1]) === widths[0];
  return [blocks.filter(isFirst), blocks.filter((n) => !isFirst(n))];
}
