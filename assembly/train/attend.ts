import { outer } from './outer';
import { multiplyAdd } from './vector';

/**
 * out[m][n] = scale * sum over k of a[m][k] * b[k][n]; strides in bytes. For the small matrices of attention.
 */
function multiply(
  a: usize,
  aStride: usize,
  b: usize,
  bStride: usize,
  out: usize,
  outStride: usize,
  M: i32,
  K: i32,
  N: i32,
  scale: f32,
): void {
  const by = f32x4.splat(scale);
  for (let m = 0; m < M; m++) {
    let n = 0;
    for (; n + 16 <= N; n += 16) {
      const at = (<usize>n) << 2;
      let s0 = f32x4.splat(0),
        s1 = s0,
        s2 = s0,
        s3 = s0;
      for (let k = 0; k < K; k++) {
        const x = v128.load32_splat(a + ((<usize>k) << 2));
        const p = b + k * bStride + at;
        s0 = multiplyAdd(s0, x, v128.load(p));
        s1 = multiplyAdd(s1, x, v128.load(p, 16));
        s2 = multiplyAdd(s2, x, v128.load(p, 32));
        s3 = multiplyAdd(s3, x, v128.load(p, 48));
      }
      v128.store(out + at, f32x4.mul(s0, by));
      v128.store(out + at, f32x4.mul(s1, by), 16);
      v128.store(out + at, f32x4.mul(s2, by), 32);
      v128.store(out + at, f32x4.mul(s3, by), 48);
    }
    for (; n + 4 <= N; n += 4) {
      const at = (<usize>n) << 2;
      let sum = f32x4.splat(0);
      for (let k = 0; k < K; k++)
        sum = multiplyAdd(sum, v128.load32_splat(a + ((<usize>k) << 2)), v128.load(b + k * bStride + at));
      v128.store(out + at, f32x4.mul(sum, by));
    }
    for (; n < N; n++) {
      const at = (<usize>n) << 2;
      let sum: f32 = 0;
      for (let k = 0; k < K; k++) sum += load<f32>(a + ((<usize>k) << 2)) * load<f32>(b + k * bStride + at);
      store<f32>(out + at, sum * scale);
    }
    a += aStride;
    out += outStride;
  }
}

/** to[j][i] = from[i][j], dense [rows][columns] matrices. */
function transpose(from: usize, to: usize, rows: i32, columns: i32): void {
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++)
      store<f32>(to + ((<usize>(j * rows + i)) << 2), load<f32>(from + ((<usize>(i * columns + j)) << 2)));
}

/** state[dk][dv] = k^T v of one head. */
// @ts-ignore: decorator
@inline
function headState(
  k: usize,
  v: usize,
  state: usize,
  positions: i32,
  qk: i32,
  vs: i32,
  dk: i32,
  dv: i32,
): void {
  memory.fill(state, 0, (<usize>dk * dv) << 2);
  outer(k, 0, (<usize>qk) << 2, v, 0, (<usize>vs) << 2, 1, positions, dk, dv, state, (<usize>dv) << 2);
}

/**
 * y = scale * q (k^T v) per head; q, k: [batch][positions][qk], v and y: [batch][positions][vs]; heads split
 * channels contiguously. `scratch` holds dk * dv floats.
 */
export function attend(
  q: usize,
  k: usize,
  v: usize,
  y: usize,
  scratch: usize,
  batch: i32,
  positions: i32,
  qk: i32,
  vs: i32,
  heads: i32,
  scale: f32,
): void {
  const dk = qk / heads;
  const dv = vs / heads;
  for (let b = 0; b < batch; b++)
    for (let head = 0; head < heads; head++) {
      const atK = (<usize>(b * positions * qk + head * dk)) << 2;
      const atV = (<usize>(b * positions * vs + head * dv)) << 2;
      headState(k + atK, v + atV, scratch, positions, qk, vs, dk, dv);
      multiply(
        q + atK,
        (<usize>qk) << 2,
        scratch,
        (<usize>dv) << 2,
        y + atV,
        (<usize>vs) << 2,
        positions,
        dk,
        dv,
        scale,
      );
    }
}

/** Gradients of `attend` by q, k and v. `scratch` holds 3 * dk * dv floats. */
export function attendGradient(
  q: usize,
  k: usize,
  v: usize,
  dy: usize,
  dq: usize,
  dkey: usize,
  dvalue: usize,
  scratch: usize,
  batch: i32,
  positions: i32,
  qk: i32,
  vs: i32,
  heads: i32,
  scale: f32,
): void {
  const dk = qk / heads;
  const dv = vs / heads;
  const size = (<usize>dk * dv) << 2;
  const state = scratch;
  const flipped = scratch + size;
  const dState = flipped + size;
  for (let b = 0; b < batch; b++)
    for (let head = 0; head < heads; head++) {
      const atK = (<usize>(b * positions * qk + head * dk)) << 2;
      const atV = (<usize>(b * positions * vs + head * dv)) << 2;
      headState(k + atK, v + atV, state, positions, qk, vs, dk, dv);
      transpose(state, flipped, dk, dv);
      multiply(
        dy + atV,
        (<usize>vs) << 2,
        flipped,
        (<usize>dk) << 2,
        dq + atK,
        (<usize>qk) << 2,
        positions,
        dv,
        dk,
        scale,
      );
      headState(q + atK, dy + atV, dState, positions, qk, vs, dk, dv);
      multiply(
        k + atK,
        (<usize>qk) << 2,
        dState,
        (<usize>dv) << 2,
        dvalue + atV,
        (<usize>vs) << 2,
        positions,
        dk,
        dv,
        scale,
      );
      transpose(dState, flipped, dk, dv);
      multiply(
        v + atV,
        (<usize>vs) << 2,
        flipped,
        (<usize>dk) << 2,
        dkey + atK,
        (<usize>qk) << 2,
        positions,
        dv,
        dk,
        scale,
      );
    }
}
