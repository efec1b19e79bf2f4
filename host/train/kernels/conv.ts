import type { TensorInfo } from '../tf.js';
import type { Heap } from './heap.js';
import { type ConvSizes, convSizes, type KernelCall, paddedSize, type Shape4 } from './sizes.js';

type Attributes = { strides: number | [number, number]; pad: Parameters<typeof convSizes>[3] };

/** dL/dfilter of conv2d, [kh, kw, in, out], directly from x and dy, without an im2col matrix. */
export function filterGradient(heap: Heap, { inputs, attrs }: KernelCall): TensorInfo {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const { strides, pad, filterShape } = attrs as Attributes & { filterShape: Shape4 };
  const s = convSizes(x.shape as Shape4, filterShape, strides, pad, false);
  const out = heap.makeInfo(filterShape);
  const [hp, wp] = paddedSize(s);
  const scratch = heap.scratch(4 * hp * wp * s.ci);
  heap.kernels.convFilterGradient(
    ...[heap.address(x), heap.address(dy), heap.address(out), scratch],
    ...[s.batch, s.h, s.w, s.ci, s.oh, s.ow, s.co, s.kh, s.kw, s.strideH, s.strideW, s.top, s.left],
    ...[hp, wp],
  );
  return out;
}

/** conv2d; faster than the backend's, which also prepares an operator for every new filter. */
export function forward(heap: Heap, { inputs, attrs }: KernelCall): TensorInfo {
  const { x, filter } = inputs as { x: TensorInfo; filter: TensorInfo };
  const { strides, pad } = attrs as Attributes;
  const s = convSizes(x.shape as Shape4, filter.shape as Shape4, strides, pad, false);
  const out = heap.makeInfo([s.batch, s.oh, s.ow, s.co]);
  convolve(heap, x, filter, out, s, { padded: paddedSize(s), dilate: [1, 1], turn: false });
  return out;
}

/**
 * dL/dx of conv2d: the convolution of dy, dilated by the stride, with the filter rotated by 180 degrees and
 * its channels swapped.
 */
export function inputGradient(heap: Heap, { inputs, attrs }: KernelCall): TensorInfo {
  const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
  const { strides, pad, inputShape } = attrs as Attributes & { inputShape: Shape4 };
  const s = convSizes(inputShape, filter.shape as Shape4, strides, pad, false);
  const out = heap.makeInfo(inputShape);
  const { batch, h, w, ci, oh, ow, co, kh, kw, top, left } = s;
  const turned: ConvSizes = {
    ...{ batch, h: oh, w: ow, ci: co, oh: h, ow: w, co: ci, kh, kw },
    ...{ strideH: 1, strideW: 1, top: kh - 1 - top, left: kw - 1 - left },
  };
  convolve(heap, dy, filter, out, turned, {
    padded: [h + kh - 1, w + kw - 1],
    dilate: [s.strideH, s.strideW],
    turn: true,
  });
  return out;
}

type Variant = { padded: [number, number]; dilate: [number, number]; turn: boolean };

function convolve(
  heap: Heap,
  x: TensorInfo,
  filter: TensorInfo,
  out: TensorInfo,
  s: ConvSizes,
  { padded: [hp, wp], dilate, turn }: Variant,
): void {
  const floats = hp * wp * s.ci + 8 * Math.ceil(s.co / 8) * s.kh * s.kw * s.ci + s.oh * s.ow + 32;
  const addresses = [heap.address(x), heap.address(filter), heap.address(out), heap.scratch(4 * floats)];
  heap.kernels.convolution(
    ...[...addresses, s.batch, s.h, s.w, s.ci, s.oh, s.ow, s.co, s.kh, s.kw, s.strideH, s.strideW],
    ...[s.top, s.left, ...dilate, hp, wp, turn ? 1 : 0],
  );
}
