import { SpikeletError } from '../../models/error.js';
import {
  type ESpikeFormerOptions,
  espikeformer,
  espikeformerDefaults,
  espikeformerDims,
} from '../../models/zoo/espikeformer.js';
import type { Architecture, Shapes } from './architecture.js';
import { numbersIn, sizeOf, widening } from './shapes.js';

/**
 * The 83M and 173M models are a different network of the same name: convolutions in nn.Sequential, another
 * neuron and head.
 */
function requireSmall(shapes: Shapes): void {
  if (!shapes.has('ConvBlock1_1.0.conv1.0.0.weight')) return;
  const width = shapes.get('downsample1_1.encode_conv.weight')?.[0];
  throw new SpikeletError(
    `this E-SpikeFormer has the structure of the 83M and 173M models${width ? ` (stem of ${width} channels)` : ''}, which spikelet does not import`,
    { hint: 'the 5M, 10M and 19M models can be imported' },
  );
}

/** E-SpikeFormer (arXiv 2411.16061) with the authors' names, in any size. */
export function readESpikeFormer(shapes: Shapes): Architecture | undefined {
  if (!shapes.has('downsample1_1.encode_conv.weight') && !shapes.has('ConvBlock1_1.0.conv1.weight'))
    return undefined;
  requireSmall(shapes);
  const d = espikeformerDefaults;
  const size = (name: string, axis: number, fallback: number) =>
    sizeOf(shapes, `${name}.weight`, axis, fallback);
  const ratio = (name: string, fallback: number) => widening(shapes, `${name}.weight`, fallback);
  const options: ESpikeFormerOptions = {
    ...d,
    channels: size('downsample1_1.encode_conv', 1, d.channels),
    stem: size('downsample1_1.encode_conv', 2, d.stem),
    dims: [
      size('downsample1_2.encode_conv', 0, d.dims[0]),
      size('downsample2.encode_conv', 0, d.dims[1]),
      size('downsample3.encode_conv', 0, d.dims[2]),
      size('downsample4.encode_conv', 0, d.dims[3]),
    ],
    ratio: ratio('ConvBlock1_1.0.conv1', d.ratio),
    mlpRatio: ratio('block3.0.mlp.fc1_conv', d.ratio),
    sepRatio: ratio('ConvBlock1_1.0.Conv.pwconv1.0', d.sepRatio),
    depthwiseKernels: [
      size('ConvBlock1_1.0.Conv.dwconv.0', 2, d.depthwiseKernels[0]),
      size('block3.0.conv.dwconv.0', 2, d.depthwiseKernels[1]),
    ],
    depths: [numbersIn(shapes, /^block3\.(\d+)\./).length, numbersIn(shapes, /^block4\.(\d+)\./).length],
    classes: size('head', 0, d.classes),
  };
  const published = Object.entries(espikeformerDims).find(
    ([, dims]) => String(dims) === String(options.dims),
  );
  return {
    name: published ? `espikeformer-${published[0]}` : 'espikeformer',
    classes: options.classes,
    channels: options.channels,
    side: 224,
    attention: {
      channels: [options.dims[2], options.dims[3]].filter((_, stage) => options.depths[stage]! > 0),
      heads: d.heads,
      atLeast: 8,
    },
    nodes: (o) => espikeformer({ ...options, ...o }),
    notes: [],
  };
}
