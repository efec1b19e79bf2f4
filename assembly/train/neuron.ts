/** One neuron: n = round_half_even(clip(x, 0, levels)), value n / divisor. */
// @ts-ignore: decorator
@inline
export function spikes(x: v128, levels: v128, divisor: v128): v128 {
  return f32x4.div(f32x4.nearest(f32x4.min(f32x4.max(x, f32x4.splat(0)), levels)), divisor);
}

/** (dy + extra) / divisor where 0 <= x <= levels, else 0. */
// @ts-ignore: decorator
@inline
export function spikesGradient(x: v128, dy: v128, levels: v128, divisor: v128, extra: v128): v128 {
  const inside = v128.and(f32x4.ge(x, f32x4.splat(0)), f32x4.le(x, levels));
  return v128.and(inside, f32x4.div(f32x4.add(dy, extra), divisor));
}

/** The SFA neuron on `count` values. */
export function neuron(x: usize, y: usize, count: i32, levels: f32, divisor: f32): void {
  const top = f32x4.splat(levels);
  const by = f32x4.splat(divisor);
  const whole = count & ~3;
  for (let i = 0; i < whole; i += 4) {
    const at = (<usize>i) << 2;
    v128.store(y + at, spikes(v128.load(x + at), top, by));
  }
  for (let i = whole; i < count; i++) {
    const at = (<usize>i) << 2;
    v128.store_lane<f32>(y + at, spikes(v128.load32_splat(x + at), top, by), 0);
  }
}

export function neuronGradient(
  x: usize,
  dy: usize,
  dx: usize,
  count: i32,
  levels: f32,
  divisor: f32,
  extra: f32,
): void {
  const top = f32x4.splat(levels);
  const by = f32x4.splat(divisor);
  const more = f32x4.splat(extra);
  const whole = count & ~3;
  for (let i = 0; i < whole; i += 4) {
    const at = (<usize>i) << 2;
    v128.store(dx + at, spikesGradient(v128.load(x + at), v128.load(dy + at), top, by, more));
  }
  for (let i = whole; i < count; i++) {
    const at = (<usize>i) << 2;
    v128.store_lane<f32>(
      dx + at,
      spikesGradient(v128.load32_splat(x + at), v128.load32_splat(dy + at), top, by, more),
      0,
    );
  }
}

/** How many of `count` values are nonzero. */
export function countNonZero(x: usize, count: i32): i32 {
  let lanes = i32x4.splat(0);
  const whole = count & ~3;
  // A true comparison is -1 in its lane.
  for (let i = 0; i < whole; i += 4)
    lanes = i32x4.sub(lanes, f32x4.ne(v128.load(x + (<usize>i << 2)), f32x4.splat(0)));
  let total =
    i32x4.extract_lane(lanes, 0) +
    i32x4.extract_lane(lanes, 1) +
    i32x4.extract_lane(lanes, 2) +
    i32x4.extract_lane(lanes, 3);
  for (let i = whole; i < count; i++) if (load<f32>(x + (<usize>i << 2)) != 0) total++;
  return total;
}
