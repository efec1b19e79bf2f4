import { spikes, spikesGradient } from './neuron';

/** Rows per block of a column reduction, so that they stay in the L1 cache for all channels. */
const ROWS: i32 = 64;

/** Adds one float to one double in memory. */
// @ts-ignore: decorator
@inline
function accumulate(at: usize, value: f64): void {
  store<f64>(at, load<f64>(at) + value);
}

/**
 * Per channel, in double precision: sums[0][c] = sum of x, sums[1][c] = sum of x * x, over `rows` rows of c
 * channels.
 */
export function moments(x: usize, rows: i32, c: i32, sums: usize): void {
  const pixel = (<usize>c) << 2;
  const squares = sums + ((<usize>c) << 3);
  memory.fill(sums, 0, (<usize>c) << 4);
  for (let start = 0; start < rows; start += ROWS) {
    const block = min(ROWS, rows - start);
    const from = x + start * pixel;
    let k = 0;
    for (; k + 4 <= c; k += 4) {
      let p = from + ((<usize>k) << 2);
      let s0 = f64x2.splat(0),
        s1 = s0,
        q0 = s0,
        q1 = s0;
      for (let r = 0; r < block; r++) {
        const v = v128.load(p);
        const low = f64x2.promote_low_f32x4(v);
        const high = f64x2.promote_low_f32x4(v128.shuffle<i64>(v, v, 1, 1));
        s0 = f64x2.add(s0, low);
        s1 = f64x2.add(s1, high);
        q0 = f64x2.add(q0, f64x2.mul(low, low));
        q1 = f64x2.add(q1, f64x2.mul(high, high));
        p += pixel;
      }
      addPair(sums + ((<usize>k) << 3), s0, s1);
      addPair(squares + ((<usize>k) << 3), q0, q1);
    }
    for (; k < c; k++) {
      let p = from + ((<usize>k) << 2);
      let s: f64 = 0;
      let q: f64 = 0;
      for (let r = 0; r < block; r++) {
        const v = <f64>load<f32>(p);
        s += v;
        q += v * v;
        p += pixel;
      }
      accumulate(sums + ((<usize>k) << 3), s);
      accumulate(squares + ((<usize>k) << 3), q);
    }
  }
}

// @ts-ignore: decorator
@inline
function addPair(at: usize, low: v128, high: v128): void {
  v128.store(at, f64x2.add(v128.load(at), low));
  v128.store(at, f64x2.add(v128.load(at, 16), high), 16);
}

/** y = alpha[c] * x + beta[c], followed by the SFA neuron if levels > 0. */
export function affine(
  x: usize,
  y: usize,
  rows: i32,
  c: i32,
  alpha: usize,
  beta: usize,
  levels: f32,
  divisor: f32,
): void {
  const top = f32x4.splat(levels);
  const by = f32x4.splat(divisor);
  const fire = levels > 0;
  for (let r = 0; r < rows; r++) {
    let k = 0;
    for (; k + 4 <= c; k += 4) {
      const at = (<usize>k) << 2;
      const u = f32x4.add(f32x4.mul(v128.load(x + at), v128.load(alpha + at)), v128.load(beta + at));
      v128.store(y + at, fire ? spikes(u, top, by) : u);
    }
    for (; k < c; k++) {
      const at = (<usize>k) << 2;
      const u = f32x4.splat(load<f32>(x + at) * load<f32>(alpha + at) + load<f32>(beta + at));
      v128.store_lane<f32>(y + at, fire ? spikes(u, top, by) : u, 0);
    }
    x += (<usize>c) << 2;
    y += (<usize>c) << 2;
  }
}

/** The gradient that reaches alpha * x + beta. */
// @ts-ignore: decorator
@inline
function reaching(
  x: v128,
  dy: v128,
  alpha: v128,
  beta: v128,
  fire: bool,
  levels: v128,
  divisor: v128,
  extra: v128,
): v128 {
  if (!fire) return dy;
  return spikesGradient(f32x4.add(f32x4.mul(x, alpha), beta), dy, levels, divisor, extra);
}

/**
 * With g the gradient that reaches alpha * x + beta, in double precision: sums[0][c] = sum of g, sums[1][c] =
 * sum of g * x.
 */
export function affineSums(
  x: usize,
  dy: usize,
  rows: i32,
  c: i32,
  alpha: usize,
  beta: usize,
  levels: f32,
  divisor: f32,
  extra: f32,
  sums: usize,
): void {
  const pixel = (<usize>c) << 2;
  const products = sums + ((<usize>c) << 3);
  const fire = levels > 0;
  const top = f32x4.splat(levels);
  const by = f32x4.splat(divisor);
  const more = f32x4.splat(extra);
  memory.fill(sums, 0, (<usize>c) << 4);
  for (let start = 0; start < rows; start += ROWS) {
    const block = min(ROWS, rows - start);
    let k = 0;
    for (; k + 4 <= c; k += 4) {
      const at = (<usize>k) << 2;
      let px = x + start * pixel + at;
      let pd = dy + start * pixel + at;
      const a = v128.load(alpha + at),
        b = v128.load(beta + at);
      let s0 = f64x2.splat(0),
        s1 = s0,
        q0 = s0,
        q1 = s0;
      for (let r = 0; r < block; r++) {
        const v = v128.load(px);
        const g = reaching(v, v128.load(pd), a, b, fire, top, by, more);
        const low = f64x2.promote_low_f32x4(g);
        const high = f64x2.promote_low_f32x4(v128.shuffle<i64>(g, g, 1, 1));
        s0 = f64x2.add(s0, low);
        s1 = f64x2.add(s1, high);
        q0 = f64x2.add(q0, f64x2.mul(low, f64x2.promote_low_f32x4(v)));
        q1 = f64x2.add(q1, f64x2.mul(high, f64x2.promote_low_f32x4(v128.shuffle<i64>(v, v, 1, 1))));
        px += pixel;
        pd += pixel;
      }
      addPair(sums + ((<usize>k) << 3), s0, s1);
      addPair(products + ((<usize>k) << 3), q0, q1);
    }
    for (; k < c; k++) {
      const at = (<usize>k) << 2;
      let px = x + start * pixel + at;
      let pd = dy + start * pixel + at;
      const a = v128.load32_splat(alpha + at),
        b = v128.load32_splat(beta + at);
      let s: f64 = 0;
      let q: f64 = 0;
      for (let r = 0; r < block; r++) {
        const v = v128.load32_splat(px);
        const g = <f64>f32x4.extract_lane(reaching(v, v128.load32_splat(pd), a, b, fire, top, by, more), 0);
        s += g;
        q += g * <f64>f32x4.extract_lane(v, 0);
        px += pixel;
        pd += pixel;
      }
      accumulate(sums + ((<usize>k) << 3), s);
      accumulate(products + ((<usize>k) << 3), q);
    }
  }
}

/**
 * Input gradient of a batch norm (and the neuron after it): dx = (g - meanG[c] - (x - mean[c]) * slope[c]) *
 * alpha[c], with g as in `affineSums`.
 */
export function affineGradient(
  x: usize,
  dy: usize,
  dx: usize,
  rows: i32,
  c: i32,
  alpha: usize,
  beta: usize,
  mean: usize,
  meanG: usize,
  slope: usize,
  levels: f32,
  divisor: f32,
  extra: f32,
): void {
  const fire = levels > 0;
  const top = f32x4.splat(levels);
  const by = f32x4.splat(divisor);
  const more = f32x4.splat(extra);
  for (let r = 0; r < rows; r++) {
    let k = 0;
    for (; k + 4 <= c; k += 4) {
      const at = (<usize>k) << 2;
      const a = v128.load(alpha + at);
      const v = v128.load(x + at);
      const g = reaching(v, v128.load(dy + at), a, v128.load(beta + at), fire, top, by, more);
      const drift = f32x4.mul(f32x4.sub(v, v128.load(mean + at)), v128.load(slope + at));
      v128.store(dx + at, f32x4.mul(f32x4.sub(f32x4.sub(g, v128.load(meanG + at)), drift), a));
    }
    for (; k < c; k++) {
      const at = (<usize>k) << 2;
      const a = v128.load32_splat(alpha + at);
      const v = v128.load32_splat(x + at);
      const g = reaching(v, v128.load32_splat(dy + at), a, v128.load32_splat(beta + at), fire, top, by, more);
      const drift = f32x4.mul(f32x4.sub(v, v128.load32_splat(mean + at)), v128.load32_splat(slope + at));
      v128.store_lane<f32>(
        dx + at,
        f32x4.mul(f32x4.sub(f32x4.sub(g, v128.load32_splat(meanG + at)), drift), a),
        0,
      );
    }
    x += (<usize>c) << 2;
    dy += (<usize>c) << 2;
    dx += (<usize>c) << 2;
  }
}
