import type { Accumulate } from '../models/ops/accumulate.js';
import type { Values } from '../models/ops/op.js';
import type { Shape } from '../models/tensor.js';

/**
 * Added to the diagonal of the second moments, as a fraction of its mean: keeps silent inputs invertible
 * (GPTQ's damping).
 */
const DAMPING = 0.01;

/** Columns of a matrix that are processed together. */
const BLOCK = 16;

/**
 * Second moments X^T X of what the weights of each group see, [group][size][size] with size = kernel rows *
 * columns * channels of a group, over at most `limit` output positions spread evenly over the samples.
 */
export function secondMoments(
  node: Accumulate,
  input: Shape,
  output: Shape,
  samples: Values[],
  limit: number,
): Float64Array[] {
  const [height, width, channels] = input;
  const inputs = channels / node.groups;
  const size = node.kernel[0] * node.kernel[1] * inputs;
  const moments = Array.from({ length: node.groups }, () => new Float64Array(size * size));
  const positions = output[0] * output[1] * samples.length;
  const looked = Math.min(limit, positions);
  const indices = new Int32Array(size);
  const counts = new Float64Array(size);
  for (let n = 0; n < looked; n++) {
    const at = Math.floor((n * positions) / looked);
    const x = samples[Math.floor(at / (output[0] * output[1]))]!;
    const r = Math.floor((at % (output[0] * output[1])) / output[1]);
    const c = at % output[1];
    for (let group = 0; group < node.groups; group++) {
      let active = 0;
      for (let i = 0; i < node.kernel[0]; i++) {
        const row = r * node.stride[0] - node.padding[0] + i;
        if (row < 0 || row >= height) continue;
        for (let j = 0; j < node.kernel[1]; j++) {
          const column = c * node.stride[1] - node.padding[1] + j;
          if (column < 0 || column >= width) continue;
          for (let ci = 0; ci < inputs; ci++) {
            const value = x[(row * width + column) * channels + group * inputs + ci]!;
            if (value === 0) continue;
            indices[active] = (i * node.kernel[1] + j) * inputs + ci;
            counts[active++] = value;
          }
        }
      }
      addOuterProduct(moments[group]!, size, indices, counts, active);
    }
  }
  for (const m of moments)
    for (let a = 1; a < size; a++) for (let b = 0; b < a; b++) m[a * size + b] = m[b * size + a]!;
  return moments;
}

/** Adds the upper half of values values^T; `indices` ascend. */
function addOuterProduct(
  m: Float64Array,
  size: number,
  indices: Int32Array,
  values: Float64Array,
  count: number,
): void {
  for (let a = 0; a < count; a++) {
    const row = indices[a]! * size;
    const value = values[a]!;
    for (let b = a; b < count; b++) {
      const at = row + indices[b]!;
      m[at] = m[at]! + value * values[b]!;
    }
  }
}

/**
 * Upper Cholesky factor U of the inverse of a damped symmetric matrix [size][size]: (M + damping)^-1 = U^T U.
 * With M + damping = R R^T, R upper triangular, it is R^-1: no inverse of the whole matrix is needed.
 */
export function inverseCholesky(moments: Float64Array, size: number): Float64Array {
  let trace = 0;
  for (let i = 0; i < size; i++) trace += moments[i * size + i]!;
  const damping = trace > 0 ? (DAMPING * trace) / size : 1;
  const r = new Float64Array(size * size);
  const four = new Float64Array(4);
  // BLOCK columns at a time, so that a row of r is read from memory once for all of them.
  for (let end = size; end > 0; end -= BLOCK) {
    const begin = Math.max(0, end - BLOCK);
    for (let i = 0; i < end; i++) {
      let j = Math.max(i, begin);
      for (; j + 3 < end; j += 4) {
        dots(four, r, i * size, r, j * size, size, end, size);
        for (let k = 0; k < 4; k++) r[i * size + j + k] = moments[i * size + j + k]! - four[k]!;
      }
      for (; j < end; j++)
        r[i * size + j] = moments[i * size + j]! - dot(r, i * size, r, j * size, end, size);
    }
    for (let j = end - 1; j >= begin; j--) {
      const row = j * size;
      const square = r[row + j]! + damping - dot(r, row, r, row, j + 1, end);
      const diagonal = Math.sqrt(Math.max(square, Number.MIN_VALUE));
      r[row + j] = diagonal;
      for (let i = 0; i < j; i++)
        r[i * size + j] = (r[i * size + j]! - dot(r, i * size, r, row, j + 1, end)) / diagonal;
    }
  }
  // U column by column, each stored as a row so that dot runs along it.
  const transposed = new Float64Array(size * size);
  for (let begin = 0; begin < size; begin += BLOCK) {
    const end = Math.min(size, begin + BLOCK);
    for (let i = end - 1; i >= 0; i--) {
      let j = Math.max(i, begin);
      // Beyond the diagonal the columns of a block are zero, so all can be summed to the end of the block.
      for (; j + 3 < end; j += 4) {
        dots(four, r, i * size, transposed, j * size, size, i + 1, end);
        for (let k = 0; k < 4; k++)
          transposed[(j + k) * size + i] = ((i === j + k ? 1 : 0) - four[k]!) / r[i * size + i]!;
      }
      for (; j < end; j++) {
        const sum = (i === j ? 1 : 0) - dot(r, i * size, transposed, j * size, i + 1, j + 1);
        transposed[j * size + i] = sum / r[i * size + i]!;
      }
    }
  }
  for (let i = 0; i < size; i++) for (let j = i; j < size; j++) r[i * size + j] = transposed[j * size + i]!;
  return r;
}

/** Four of `dot` with one row of a, for rows of b that are `stride` apart: each value of a is loaded once. */
function dots(
  sums: Float64Array,
  a: Float64Array,
  atA: number,
  b: Float64Array,
  atB: number,
  stride: number,
  from: number,
  to: number,
): void {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  const [at1, at2, at3] = [atB + stride, atB + 2 * stride, atB + 3 * stride];
  for (let k = from; k < to; k++) {
    const v = a[atA + k]!;
    s0 += v * b[atB + k]!;
    s1 += v * b[at1 + k]!;
    s2 += v * b[at2 + k]!;
    s3 += v * b[at3 + k]!;
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
}

/**
 * Sum of a[atA + k] * b[atB + k] for k in from..to. Four sums at a time: one alone waits for each addition.
 */
function dot(a: Float64Array, atA: number, b: Float64Array, atB: number, from: number, to: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let k = from;
  for (; k + 3 < to; k += 4) {
    s0 += a[atA + k]! * b[atB + k]!;
    s1 += a[atA + k + 1]! * b[atB + k + 1]!;
    s2 += a[atA + k + 2]! * b[atB + k + 2]!;
    s3 += a[atA + k + 3]! * b[atB + k + 3]!;
  }
  for (; k < to; k++) s0 += a[atA + k]! * b[atB + k]!;
  return s0 + s1 + (s2 + s3);
}
