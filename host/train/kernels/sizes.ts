import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { type TensorInfo, tf } from '../tf.js';

export type Shape4 = [number, number, number, number];

/** What tfjs passes to a registered kernel. */
export type KernelCall = { inputs: Record<string, TensorInfo>; backend: BackendWasm; attrs: object };

/** A convolution's sizes, named as in assembly/train/. */
export type ConvSizes = {
  batch: number;
  h: number;
  w: number;
  ci: number;
  oh: number;
  ow: number;
  co: number;
  kh: number;
  kw: number;
  strideH: number;
  strideW: number;
  top: number;
  left: number;
};

type Pad = Parameters<typeof tf.backend_util.computeConv2DInfo>[4];

/**
 * Sizes from tfjs's own rules for strides and padding; `filter` is [kh, kw, in, out] or depthwise [kh, kw,
 * in, 1].
 */
export function convSizes(
  x: Shape4,
  filter: Shape4,
  strides: number | [number, number],
  pad: Pad,
  depthwise: boolean,
): ConvSizes {
  const info = tf.backend_util.computeConv2DInfo(x, filter, strides, 1, pad, undefined, depthwise);
  return {
    batch: info.batchSize,
    h: info.inHeight,
    w: info.inWidth,
    ci: info.inChannels,
    oh: info.outHeight,
    ow: info.outWidth,
    co: info.outChannels,
    kh: info.filterHeight,
    kw: info.filterWidth,
    strideH: info.strideHeight,
    strideW: info.strideWidth,
    top: info.padInfo.top,
    left: info.padInfo.left,
  };
}

/** Rows and columns of the padded image, which holds all taps of every output position. */
export const paddedSize = (s: ConvSizes): [number, number] => [
  Math.max((s.oh - 1) * s.strideH + s.kh, s.h + s.top),
  Math.max((s.ow - 1) * s.strideW + s.kw, s.w + s.left),
];
