import { type TensorInfo, tf } from '../tf.js';
import type { Heap } from './heap.js';
import { type ConvSizes, convSizes, type KernelCall, type Shape4 } from './sizes.js';

type Attributes = { strides: number | [number, number]; pad: Parameters<typeof convSizes>[3] };

/** dL/dfilter of conv2d, [kh, kw, in, out], straight from x and dy: no im2col matrix is ever written. */
export function filterGradient(heap: Heap, { inputs, attrs }: KernelCall): TensorInfo {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const { strides, pad, filterShape } = attrs as Attributes & { filterShape: Shape4 };
  const s = convSizes(x.shape as Shape4, filterShape, strides, pad, false);
  const out = heap.makeInfo(filterShape);
  const [hp, wp] = [(s.oh - 1) * s.strideH + s.kh, (s.ow - 1) * s.strideW + s.kw];
  const scratch = heap.scratch(4 * Math.max(hp, s.h + s.top) * Math.max(wp, s.w + s.left) * s.ci);
  heap.kernels.convFilterGradient(
    ...[heap.address(x), heap.address(dy), heap.address(out), scratch],
    ...[s.batch, s.h, s.w, s.ci, s.oh, s.ow, s.co, s.kh, s.kw, s.strideH, s.strideW, s.top, s.left],
    ...[Math.max(hp, s.h + s.top), Math.max(wp, s.w + s.left)],
  );
  return out;
}

/**
 * dL/dx of conv2d: the forward convolution of dy, dilated by the stride, with the filter turned by 180 degrees and
 * its channels swapped. Faster than the backend's own Conv2DBackpropInput.
 */
export function inputGradient(heap: Heap, { inputs, attrs, backend }: KernelCall): TensorInfo {
  const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
  const { strides, pad, inputShape } = attrs as Attributes & { inputShape: Shape4 };
  const s = convSizes(inputShape, filter.shape as Shape4, strides, pad, false);
  const [top, left] = [s.kh - 1 - s.top, s.kw - 1 - s.left];
  const turned = turnFilter(heap, filter, s);
  const dense = s.strideH === 1 && s.strideW === 1;
  const x = dense ? dy : dilate(heap, dy, s, top, left);
  const [bottom, right] = [s.h + s.kh - 1 - top - s.oh, s.w + s.kw - 1 - left - s.ow];
  const padding = dense
    ? [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ]
    : 'valid';
  const { kernelFunc } = tf.getKernel('Conv2D', 'wasm');
  const dx = kernelFunc({
    inputs: { x, filter: turned },
    backend,
    attrs: { strides: 1, pad: padding, dilations: 1, dataFormat: 'NHWC' },
  } as unknown as Parameters<typeof kernelFunc>[0]) as TensorInfo;
  backend.disposeData(turned.dataId);
  if (x !== dy) backend.disposeData(x.dataId);
  return dx;
}

/** [kh][kw][in][out] turned by 180 degrees, [kh][kw][out][in]. */
function turnFilter(heap: Heap, filter: TensorInfo, { kh, kw, ci, co }: ConvSizes): TensorInfo {
  const out = heap.makeInfo([kh, kw, co, ci]);
  const [from, to] = [heap.values(filter), heap.values(out)];
  let at = 0;
  for (let tap = kh * kw - 1; tap >= 0; tap--)
    for (let c = 0; c < co; c++) for (let k = 0; k < ci; k++) to[at++] = from[(tap * ci + k) * co + c]!;
  return out;
}

/** dy with strideH - 1 rows and strideW - 1 columns of zeros between its own, and the padding of the turned filter. */
function dilate(heap: Heap, dy: TensorInfo, s: ConvSizes, top: number, left: number): TensorInfo {
  const out = heap.makeInfo([s.batch, s.h + s.kh - 1, s.w + s.kw - 1, s.co]);
  const [, hp, wp] = out.shape as Shape4;
  heap.kernels.embedBatch(
    ...[heap.address(dy), heap.address(out), s.batch, s.oh, s.ow, s.co],
    ...[hp, wp, top, left, s.strideH, s.strideW],
  );
  return out;
}
