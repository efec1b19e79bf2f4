import type { Accumulate } from '../models/ops/accumulate.js';
import type { Values } from '../models/ops/op.js';
import type { Shape } from '../models/tensor.js';

/** Added to the diagonal of the second moments, as a fraction of its mean: keeps silent inputs invertible (GPTQ's damping). */
const DAMPING = 0.01;

/**
 * Second moments X^T X of what the weights of each group see, [group][size][size] with size = kernel rows * columns *
 * channels of a group, over at most `limit` output positions spread evenly over the samples.
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
  const stride = Math.max(1, Math.floor(positions / limit));
  const indices = new Int32Array(size);
  const counts = new Float64Array(size);
  for (let at = 0; at < positions; at += stride) {
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
  return moments;
}

function addOuterProduct(
  m: Float64Array,
  size: number,
  indices: Int32Array,
  values: Float64Array,
  count: number,
): void {
  for (let a = 0; a < count; a++) {
    const row = indices[a]! * size;
    for (let b = 0; b < count; b++) {
      const at = row + indices[b]!;
      m[at] = m[at]! + values[a]! * values[b]!;
    }
  }
}

/** Upper Cholesky factor U of the inverse of a damped symmetric matrix [size][size]: (M + damping)^-1 = U^T U. */
export function inverseCholesky(moments: Float64Array, size: number): Float64Array {
  let trace = 0;
  for (let i = 0; i < size; i++) trace += moments[i * size + i]!;
  const damping = trace > 0 ? (DAMPING * trace) / size : 1;
  const m = moments.slice();
  for (let i = 0; i < size; i++) m[i * size + i] = m[i * size + i]! + damping;
  const inverse = invert(lowerCholesky(m, size), size);
  const lower = lowerCholesky(inverse, size);
  const upper = new Float64Array(size * size);
  for (let i = 0; i < size; i++) for (let j = i; j < size; j++) upper[i * size + j] = lower[j * size + i]!;
  return upper;
}

/** L with L L^T = m. */
function lowerCholesky(m: Float64Array, size: number): Float64Array {
  const l = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      let sum = m[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= l[i * size + k]! * l[j * size + k]!;
      l[i * size + j] = i === j ? Math.sqrt(Math.max(sum, Number.MIN_VALUE)) : sum / l[j * size + j]!;
    }
  return l;
}

/** (L L^T)^-1 from L. */
function invert(l: Float64Array, size: number): Float64Array {
  // Rows of L^-1, transposed, so that both loops below run along rows.
  const inverse = new Float64Array(size * size);
  for (let column = 0; column < size; column++)
    for (let i = column; i < size; i++) {
      let sum = i === column ? 1 : 0;
      for (let k = column; k < i; k++) sum -= l[i * size + k]! * inverse[column * size + k]!;
      inverse[column * size + i] = sum / l[i * size + i]!;
    }
  const result = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = i; k < size; k++) sum += inverse[i * size + k]! * inverse[j * size + k]!;
      result[i * size + j] = sum;
      result[j * size + i] = sum;
    }
  return result;
}
