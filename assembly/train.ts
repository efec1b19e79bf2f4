/**
 * Training kernels on the heap of the tfjs wasm backend: what that backend lacks or does slowly, 4 float32 lanes
 * at a time. Every tensor is [batch][row][column][channel]; every pointer is a byte address in the shared memory.
 * Static data is forbidden here: it would be written over the host module's own.
 */

/**
 * Copies a [h][w][c] map into `to`, a [hp][wp][c] map that is zero elsewhere, from (top, left) on and with
 * `dilateH - 1` and `dilateW - 1` untouched positions between neighbours.
 */
export function embed(from: usize, to: usize, h: i32, w: i32, c: i32, wp: i32, top: i32, left: i32, dilateH: i32, dilateW: i32): void {
  const pixel = <usize>c << 2;
  for (let y = 0; y < h; y++) {
    let target = to + <usize>((top + y * dilateH) * wp + left) * pixel;
    if (dilateW == 1) {
      memory.copy(target, from, <usize>w * pixel);
      from += <usize>w * pixel;
      continue;
    }
    for (let x = 0; x < w; x++) {
      memory.copy(target, from, pixel);
      from += pixel;
      target += <usize>dilateW * pixel;
    }
  }
}

// @ts-ignore: decorator
@inline
function multiplyAdd(sum: v128, x: v128, y: v128): v128 {
  return f32x4.add(sum, f32x4.mul(x, y));
}

/**
 * out[k][n] += sum over rows and columns of a[row][column][k] * b[row][column][n]; strides in bytes, `out` has rows
 * of `outStride` bytes.
 */
function outer(a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, bColumn: usize, rows: i32, columns: i32, K: i32, N: i32, out: usize, outStride: usize): void {
  let k = 0;
  for (; k + 4 <= K; k += 4) {
    const ak = a + (<usize>k << 2);
    let o = out + k * outStride;
    let n = 0;
    for (; n + 8 <= N; n += 8) {
      const o1 = o + outStride;
      const o2 = o1 + outStride;
      const o3 = o2 + outStride;
      let s00 = v128.load(o), s01 = v128.load(o, 16);
      let s10 = v128.load(o1), s11 = v128.load(o1, 16);
      let s20 = v128.load(o2), s21 = v128.load(o2, 16);
      let s30 = v128.load(o3), s31 = v128.load(o3, 16);
      let ar = ak;
      let br = b + (<usize>n << 2);
      for (let r = 0; r < rows; r++) {
        let pa = ar;
        let pb = br;
        for (let i = 0; i < columns; i++) {
          const y0 = v128.load(pb), y1 = v128.load(pb, 16);
          let x = v128.load32_splat(pa);
          s00 = multiplyAdd(s00, x, y0);
          s01 = multiplyAdd(s01, x, y1);
          x = v128.load32_splat(pa, 4);
          s10 = multiplyAdd(s10, x, y0);
          s11 = multiplyAdd(s11, x, y1);
          x = v128.load32_splat(pa, 8);
          s20 = multiplyAdd(s20, x, y0);
          s21 = multiplyAdd(s21, x, y1);
          x = v128.load32_splat(pa, 12);
          s30 = multiplyAdd(s30, x, y0);
          s31 = multiplyAdd(s31, x, y1);
          pa += aColumn;
          pb += bColumn;
        }
        ar += aRow;
        br += bRow;
      }
      v128.store(o, s00);
      v128.store(o, s01, 16);
      v128.store(o1, s10);
      v128.store(o1, s11, 16);
      v128.store(o2, s20);
      v128.store(o2, s21, 16);
      v128.store(o3, s30);
      v128.store(o3, s31, 16);
      o += 32;
    }
    if (n < N)
      for (let i = 0; i < 4; i++)
        outerRow(ak + (<usize>i << 2), aRow, aColumn, b, bRow, bColumn, rows, columns, n, N, out + (k + i) * outStride);
  }
  for (; k < K; k++) outerRow(a + (<usize>k << 2), aRow, aColumn, b, bRow, bColumn, rows, columns, 0, N, out + k * outStride);
}

/** One row of `outer`, for n from `n` on. */
function outerRow(a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, bColumn: usize, rows: i32, columns: i32, n: i32, N: i32, out: usize): void {
  for (; n + 4 <= N; n += 4) {
    const o = out + (<usize>n << 2);
    let sum = v128.load(o);
    for (let r = 0; r < rows; r++) {
      let pa = a + r * aRow;
      let pb = b + r * bRow + (<usize>n << 2);
      for (let i = 0; i < columns; i++) {
        sum = multiplyAdd(sum, v128.load32_splat(pa), v128.load(pb));
        pa += aColumn;
        pb += bColumn;
      }
    }
    v128.store(o, sum);
  }
  for (; n < N; n++) {
    const o = out + (<usize>n << 2);
    let sum = load<f32>(o);
    for (let r = 0; r < rows; r++) {
      let pa = a + r * aRow;
      let pb = b + r * bRow + (<usize>n << 2);
      for (let i = 0; i < columns; i++) {
        sum += load<f32>(pa) * load<f32>(pb);
        pa += aColumn;
        pb += bColumn;
      }
    }
    store<f32>(o, sum);
  }
}

/** Output channels of one tile of `convolution`. */
const TILE: i32 = 8;

/**
 * A filter [taps][ci][co] as panels of 8 outputs, [co / 8][taps][ci][8], zero where co ends. With `turn` the taps are
 * taken in reverse and ci and co change places: the filter of the input gradient, from the forward one [taps][co][ci].
 */
function packFilter(filter: usize, packed: usize, taps: i32, ci: i32, co: i32, turn: bool): void {
  for (let n = 0; n < co; n += TILE)
    for (let tap = 0; tap < taps; tap++)
      for (let k = 0; k < ci; k++)
        for (let lane = n; lane < n + TILE; lane++) {
          const at = turn ? ((taps - 1 - tap) * co + lane) * ci + k : (tap * ci + k) * co + lane;
          store<f32>(packed, lane < co ? load<f32>(filter + (<usize>at << 2)) : 0);
          packed += 4;
        }
}

/**
 * y[oy][ox][co] = sum over i, j, ci of padded[oy * strideH + i][ox * strideW + j][ci] * filter[i][j][ci][co], where
 * `padded` is x after `embed` into [hp][wp][ci]; `turn` as in `packFilter`. `scratch` holds the padded image, the packed
 * filter, [co / 8 rounded up][kh * kw * ci][8], one i32 per output position, and 128 bytes more.
 */
export function convolution(x: usize, filter: usize, y: usize, scratch: usize, batch: i32, h: i32, w: i32, ci: i32, oh: i32, ow: i32, co: i32, kh: i32, kw: i32, strideH: i32, strideW: i32, top: i32, left: i32, dilateH: i32, dilateW: i32, hp: i32, wp: i32, turn: bool): void {
  const padded = hp != h || wp != w;
  const pixel = <usize>ci << 2;
  const outPixel = <usize>co << 2;
  const packed = scratch + <usize>(hp * wp) * pixel;
  const panel = (<usize>(kh * kw) * pixel) * TILE;
  const offsets = packed + <usize>((co + TILE - 1) / TILE) * panel;
  const positions = oh * ow;
  const tile = offsets + (<usize>positions << 2);
  packFilter(filter, packed, kh * kw, ci, co, turn);
  if (padded) memory.fill(scratch, 0, <usize>(hp * wp) * pixel);
  for (let t = 0; t < positions; t++)
    store<i32>(offsets + (<usize>t << 2), ((t / ow) * strideH * wp + (t % ow) * strideW) * <i32>pixel);
  for (let b = 0; b < batch; b++) {
    let image = x + <usize>(b * h * w) * pixel;
    if (padded) {
      embed(image, scratch, h, w, ci, wp, top, left, dilateH, dilateW);
      image = scratch;
    }
    for (let n = 0; n < co; n += TILE) {
      const f = packed + <usize>(n / TILE) * panel;
      const whole = n + TILE <= co;
      for (let t = 0; t < positions; t += 4) {
        const rest = positions - t;
        const at = offsets + (<usize>t << 2);
        // Positions past the end repeat the last one, into a tile that is thrown away.
        const p0 = image + load<i32>(at);
        const p1 = image + load<i32>(rest > 1 ? at + 4 : at);
        const p2 = image + load<i32>(rest > 2 ? at + 8 : at);
        const p3 = image + load<i32>(rest > 3 ? at + 12 : at);
        const out = y + <usize>(b * positions + t) * outPixel + (<usize>n << 2);
        if (whole && rest > 3) convolutionTile(p0, p1, p2, p3, <usize>wp * pixel, f, kh, kw * ci, out, outPixel);
        else {
          convolutionTile(p0, p1, p2, p3, <usize>wp * pixel, f, kh, kw * ci, tile, TILE << 2);
          const bytes = <usize>min(TILE, co - n) << 2;
          for (let i = 0; i < min(4, rest); i++) memory.copy(out + i * outPixel, tile + (i * TILE << 2), bytes);
        }
      }
    }
  }
}

/** Four output positions by 8 channels; a kernel row's taps and channels lie one behind the other in image and filter. */
function convolutionTile(p0: usize, p1: usize, p2: usize, p3: usize, row: usize, f: usize, kh: i32, run: i32, out: usize, outPixel: usize): void {
  let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
  const bytes = <usize>run << 2;
  for (let i = 0; i < kh; i++) {
    for (let at: usize = 0; at < bytes; at += 4) {
      const w0 = v128.load(f), w1 = v128.load(f, 16);
      let x = v128.load32_splat(p0 + at);
      s00 = multiplyAdd(s00, x, w0);
      s01 = multiplyAdd(s01, x, w1);
      x = v128.load32_splat(p1 + at);
      s10 = multiplyAdd(s10, x, w0);
      s11 = multiplyAdd(s11, x, w1);
      x = v128.load32_splat(p2 + at);
      s20 = multiplyAdd(s20, x, w0);
      s21 = multiplyAdd(s21, x, w1);
      x = v128.load32_splat(p3 + at);
      s30 = multiplyAdd(s30, x, w0);
      s31 = multiplyAdd(s31, x, w1);
      f += 32;
    }
    p0 += row;
    p1 += row;
    p2 += row;
    p3 += row;
  }
  v128.store(out, s00);
  v128.store(out, s01, 16);
  out += outPixel;
  v128.store(out, s10);
  v128.store(out, s11, 16);
  out += outPixel;
  v128.store(out, s20);
  v128.store(out, s21, 16);
  out += outPixel;
  v128.store(out, s30);
  v128.store(out, s31, 16);
}

/**
 * Filter gradient of a convolution: dw[i][j][ci][co] = sum of x[oy * strideH + i - top][ox * strideW + j - left][ci] * dy[oy][ox][co].
 * `scratch` holds one padded image, [(oh - 1) * strideH + kh][(ow - 1) * strideW + kw][ci] at least.
 */
export function convFilterGradient(x: usize, dy: usize, dw: usize, scratch: usize, batch: i32, h: i32, w: i32, ci: i32, oh: i32, ow: i32, co: i32, kh: i32, kw: i32, strideH: i32, strideW: i32, top: i32, left: i32, hp: i32, wp: i32): void {
  const padded = hp != h || wp != w;
  if (padded) memory.fill(scratch, 0, (<usize>hp * wp * ci) << 2);
  memory.fill(dw, 0, (<usize>kh * kw * ci * co) << 2);
  const pixel = <usize>ci << 2;
  const outPixel = <usize>co << 2;
  for (let b = 0; b < batch; b++) {
    let image = x + <usize>(b * h * w) * pixel;
    if (padded) {
      embed(image, scratch, h, w, ci, wp, top, left, 1, 1);
      image = scratch;
    }
    const gradient = dy + <usize>(b * oh * ow) * outPixel;
    for (let i = 0; i < kh; i++)
      for (let j = 0; j < kw; j++)
        outer(image + <usize>(i * wp + j) * pixel, <usize>(strideH * wp) * pixel, <usize>strideW * pixel, gradient, <usize>ow * outPixel, outPixel, oh, ow, ci, co, dw + <usize>((i * kw + j) * ci) * outPixel, outPixel);
  }
}

/**
 * Depthwise correlation of a batch, y[oy][ox][c] = sum over i, j of padded[oy * strideH + i][ox * strideW + j][c] * w[i][j][c],
 * where `padded` is x after `embed` into [hp][wp][c]. With `flip` the taps are taken in reverse: the input gradient.
 */
export function depthwise(x: usize, filter: usize, y: usize, scratch: usize, batch: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32, kh: i32, kw: i32, strideH: i32, strideW: i32, top: i32, left: i32, dilateH: i32, dilateW: i32, hp: i32, wp: i32, flip: bool): void {
  memory.fill(scratch, 0, (<usize>hp * wp * c) << 2);
  const pixel = <usize>c << 2;
  const tap = flip ? 0 - pixel : pixel;
  const first = flip ? filter + <usize>(kh * kw - 1) * pixel : filter;
  for (let b = 0; b < batch; b++) {
    embed(x + <usize>(b * h * w) * pixel, scratch, h, w, c, wp, top, left, dilateH, dilateW);
    for (let oy = 0; oy < oh; oy++)
      for (let ox = 0; ox < ow; ox++) {
        depthwisePixel(scratch + <usize>(oy * strideH * wp + ox * strideW) * pixel, <usize>wp * pixel, first, tap, y, c, kh, kw);
        y += pixel;
      }
  }
}

// @ts-ignore: decorator
@inline
function depthwisePixel(from: usize, row: usize, first: usize, tap: usize, y: usize, c: i32, kh: i32, kw: i32): void {
  const pixel = <usize>c << 2;
  let channel: usize = 0;
  for (; channel + 64 <= pixel; channel += 64) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    let f = first + channel;
    for (let i = 0; i < kh; i++) {
      let p = from + i * row + channel;
      for (let j = 0; j < kw; j++) {
        s0 = multiplyAdd(s0, v128.load(p), v128.load(f));
        s1 = multiplyAdd(s1, v128.load(p, 16), v128.load(f, 16));
        s2 = multiplyAdd(s2, v128.load(p, 32), v128.load(f, 32));
        s3 = multiplyAdd(s3, v128.load(p, 48), v128.load(f, 48));
        p += pixel;
        f += tap;
      }
    }
    v128.store(y + channel, s0);
    v128.store(y + channel, s1, 16);
    v128.store(y + channel, s2, 32);
    v128.store(y + channel, s3, 48);
  }
  for (; channel + 16 <= pixel; channel += 16) {
    let sum = f32x4.splat(0);
    let f = first + channel;
    for (let i = 0; i < kh; i++) {
      let p = from + i * row + channel;
      for (let j = 0; j < kw; j++) {
        sum = multiplyAdd(sum, v128.load(p), v128.load(f));
        p += pixel;
        f += tap;
      }
    }
    v128.store(y + channel, sum);
  }
  for (; channel < pixel; channel += 4) {
    let sum: f32 = 0;
    let f = first + channel;
    for (let i = 0; i < kh; i++) {
      let p = from + i * row + channel;
      for (let j = 0; j < kw; j++) {
        sum += load<f32>(p) * load<f32>(f);
        p += pixel;
        f += tap;
      }
    }
    store<f32>(y + channel, sum);
  }
}

/** Filter gradient of a depthwise convolution: dw[i][j][c] = sum of padded[oy * strideH + i][ox * strideW + j][c] * dy[oy][ox][c]. */
export function depthwiseFilterGradient(x: usize, dy: usize, dw: usize, scratch: usize, batch: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32, kh: i32, kw: i32, strideH: i32, strideW: i32, top: i32, left: i32, hp: i32, wp: i32): void {
  memory.fill(scratch, 0, (<usize>hp * wp * c) << 2);
  memory.fill(dw, 0, (<usize>kh * kw * c) << 2);
  const pixel = <usize>c << 2;
  const row = <usize>wp * pixel;
  const stepH = <usize>strideH * row;
  const stepW = <usize>strideW * pixel;
  for (let b = 0; b < batch; b++) {
    embed(x + <usize>(b * h * w) * pixel, scratch, h, w, c, wp, top, left, 1, 1);
    const gradient = dy + <usize>(b * oh * ow) * pixel;
    for (let i = 0; i < kh; i++) {
      const from = scratch + i * row;
      const to = dw + <usize>(i * kw) * pixel;
      let channel: usize = 0;
      for (; channel + 16 <= pixel; channel += 16) {
        let j = 0;
        // Several taps of a row share each load of dy.
        for (; j + 4 <= kw; j += 4) depthwiseTaps(from + channel + j * pixel, gradient + channel, to + channel + j * pixel, pixel, oh, ow, stepH, stepW, 4);
        for (; j + 3 <= kw; j += 3) depthwiseTaps(from + channel + j * pixel, gradient + channel, to + channel + j * pixel, pixel, oh, ow, stepH, stepW, 3);
        for (; j < kw; j++) depthwiseTaps(from + channel + j * pixel, gradient + channel, to + channel + j * pixel, pixel, oh, ow, stepH, stepW, 1);
      }
      for (; channel < pixel; channel += 4)
        for (let j = 0; j < kw; j++) depthwiseTap(from + channel + j * pixel, gradient + channel, to + channel + j * pixel, pixel, oh, ow, stepH, stepW);
    }
  }
}

// @ts-ignore: decorator
@inline
function depthwiseTaps(from: usize, dy: usize, to: usize, pixel: usize, oh: i32, ow: i32, stepH: usize, stepW: usize, taps: i32): void {
  let s0 = v128.load(to), s1 = s0, s2 = s0, s3 = s0;
  if (taps > 1) s1 = v128.load(to + pixel);
  if (taps > 2) s2 = v128.load(to + 2 * pixel);
  if (taps > 3) s3 = v128.load(to + 3 * pixel);
  for (let oy = 0; oy < oh; oy++) {
    let p = from + oy * stepH;
    for (let ox = 0; ox < ow; ox++) {
      const g = v128.load(dy);
      s0 = multiplyAdd(s0, g, v128.load(p));
      if (taps > 1) s1 = multiplyAdd(s1, g, v128.load(p + pixel));
      if (taps > 2) s2 = multiplyAdd(s2, g, v128.load(p + 2 * pixel));
      if (taps > 3) s3 = multiplyAdd(s3, g, v128.load(p + 3 * pixel));
      dy += pixel;
      p += stepW;
    }
  }
  v128.store(to, s0);
  if (taps > 1) v128.store(to + pixel, s1);
  if (taps > 2) v128.store(to + 2 * pixel, s2);
  if (taps > 3) v128.store(to + 3 * pixel, s3);
}

function depthwiseTap(from: usize, dy: usize, to: usize, pixel: usize, oh: i32, ow: i32, stepH: usize, stepW: usize): void {
  let sum = load<f32>(to);
  for (let oy = 0; oy < oh; oy++) {
    let p = from + oy * stepH;
    for (let ox = 0; ox < ow; ox++) {
      sum += load<f32>(dy) * load<f32>(p);
      dy += pixel;
      p += stepW;
    }
  }
  store<f32>(to, sum);
}

/** How one neuron counts: n = round_half_even(clip(x, 0, levels)), value n / divisor. */
// @ts-ignore: decorator
@inline
function spikes(x: v128, levels: v128, divisor: v128): v128 {
  return f32x4.div(f32x4.nearest(f32x4.min(f32x4.max(x, f32x4.splat(0)), levels)), divisor);
}

/** (dy + extra) / divisor where 0 <= x <= levels, else 0. */
// @ts-ignore: decorator
@inline
function spikesGradient(x: v128, dy: v128, levels: v128, divisor: v128, extra: v128): v128 {
  const inside = v128.and(f32x4.ge(x, f32x4.splat(0)), f32x4.le(x, levels));
  return v128.and(inside, f32x4.div(f32x4.add(dy, extra), divisor));
}

/** The SFA neuron on `count` values. */
export function neuron(x: usize, y: usize, count: i32, levels: f32, divisor: f32): void {
  const top = f32x4.splat(levels);
  const by = f32x4.splat(divisor);
  const whole = count & ~3;
  for (let i = 0; i < whole; i += 4) {
    const at = <usize>i << 2;
    v128.store(y + at, spikes(v128.load(x + at), top, by));
  }
  for (let i = whole; i < count; i++) {
    const at = <usize>i << 2;
    v128.store_lane<f32>(y + at, spikes(v128.load32_splat(x + at), top, by), 0);
  }
}

export function neuronGradient(x: usize, dy: usize, dx: usize, count: i32, levels: f32, divisor: f32, extra: f32): void {
  const top = f32x4.splat(levels);
  const by = f32x4.splat(divisor);
  const more = f32x4.splat(extra);
  const whole = count & ~3;
  for (let i = 0; i < whole; i += 4) {
    const at = <usize>i << 2;
    v128.store(dx + at, spikesGradient(v128.load(x + at), v128.load(dy + at), top, by, more));
  }
  for (let i = whole; i < count; i++) {
    const at = <usize>i << 2;
    v128.store_lane<f32>(dx + at, spikesGradient(v128.load32_splat(x + at), v128.load32_splat(dy + at), top, by, more), 0);
  }
}

/** Rows of a column reduction taken together, so that they stay in the first-level cache for all channels. */
const ROWS: i32 = 64;

/** Adds one float to one double in memory. */
// @ts-ignore: decorator
@inline
function accumulate(at: usize, value: f64): void {
  store<f64>(at, load<f64>(at) + value);
}

/** Per channel, in double precision: sums[0][c] = sum of x, sums[1][c] = sum of x * x, over `rows` rows of c channels. */
export function moments(x: usize, rows: i32, c: i32, sums: usize): void {
  const pixel = <usize>c << 2;
  const squares = sums + (<usize>c << 3);
  memory.fill(sums, 0, <usize>c << 4);
  for (let start = 0; start < rows; start += ROWS) {
    const block = min(ROWS, rows - start);
    const from = x + start * pixel;
    let k = 0;
    for (; k + 4 <= c; k += 4) {
      let p = from + (<usize>k << 2);
      let s0 = f64x2.splat(0), s1 = s0, q0 = s0, q1 = s0;
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
      addPair(sums + (<usize>k << 3), s0, s1);
      addPair(squares + (<usize>k << 3), q0, q1);
    }
    for (; k < c; k++) {
      let p = from + (<usize>k << 2);
      let s: f64 = 0;
      let q: f64 = 0;
      for (let r = 0; r < block; r++) {
        const v = <f64>load<f32>(p);
        s += v;
        q += v * v;
        p += pixel;
      }
      accumulate(sums + (<usize>k << 3), s);
      accumulate(squares + (<usize>k << 3), q);
    }
  }
}

// @ts-ignore: decorator
@inline
function addPair(at: usize, low: v128, high: v128): void {
  v128.store(at, f64x2.add(v128.load(at), low));
  v128.store(at, f64x2.add(v128.load(at, 16), high), 16);
}

/** y = alpha[c] * x + beta[c], and the SFA neuron behind it where levels > 0. */
export function affine(x: usize, y: usize, rows: i32, c: i32, alpha: usize, beta: usize, levels: f32, divisor: f32): void {
  const top = f32x4.splat(levels);
  const by = f32x4.splat(divisor);
  const fire = levels > 0;
  for (let r = 0; r < rows; r++) {
    let k = 0;
    for (; k + 4 <= c; k += 4) {
      const at = <usize>k << 2;
      const u = f32x4.add(f32x4.mul(v128.load(x + at), v128.load(alpha + at)), v128.load(beta + at));
      v128.store(y + at, fire ? spikes(u, top, by) : u);
    }
    for (; k < c; k++) {
      const at = <usize>k << 2;
      const u = f32x4.splat(load<f32>(x + at) * load<f32>(alpha + at) + load<f32>(beta + at));
      v128.store_lane<f32>(y + at, fire ? spikes(u, top, by) : u, 0);
    }
    x += <usize>c << 2;
    y += <usize>c << 2;
  }
}

/** The gradient that reaches alpha * x + beta. */
// @ts-ignore: decorator
@inline
function reaching(x: v128, dy: v128, alpha: v128, beta: v128, fire: bool, levels: v128, divisor: v128, extra: v128): v128 {
  if (!fire) return dy;
  return spikesGradient(f32x4.add(f32x4.mul(x, alpha), beta), dy, levels, divisor, extra);
}

/** With g the gradient that reaches alpha * x + beta, in double precision: sums[0][c] = sum of g, sums[1][c] = sum of g * x. */
export function affineSums(x: usize, dy: usize, rows: i32, c: i32, alpha: usize, beta: usize, levels: f32, divisor: f32, extra: f32, sums: usize): void {
  const pixel = <usize>c << 2;
  const products = sums + (<usize>c << 3);
  const fire = levels > 0;
  const top = f32x4.splat(levels);
  const by = f32x4.splat(divisor);
  const more = f32x4.splat(extra);
  memory.fill(sums, 0, <usize>c << 4);
  for (let start = 0; start < rows; start += ROWS) {
    const block = min(ROWS, rows - start);
    let k = 0;
    for (; k + 4 <= c; k += 4) {
      const at = <usize>k << 2;
      let px = x + start * pixel + at;
      let pd = dy + start * pixel + at;
      const a = v128.load(alpha + at), b = v128.load(beta + at);
      let s0 = f64x2.splat(0), s1 = s0, q0 = s0, q1 = s0;
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
      addPair(sums + (<usize>k << 3), s0, s1);
      addPair(products + (<usize>k << 3), q0, q1);
    }
    for (; k < c; k++) {
      const at = <usize>k << 2;
      let px = x + start * pixel + at;
      let pd = dy + start * pixel + at;
      const a = v128.load32_splat(alpha + at), b = v128.load32_splat(beta + at);
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
      accumulate(sums + (<usize>k << 3), s);
      accumulate(products + (<usize>k << 3), q);
    }
  }
}

/**
 * Input gradient of a batch norm (and the neuron behind it): dx = (g - meanG[c] - (x - mean[c]) * slope[c]) * alpha[c],
 * with g as in `affineSums`.
 */
export function affineGradient(x: usize, dy: usize, dx: usize, rows: i32, c: i32, alpha: usize, beta: usize, mean: usize, meanG: usize, slope: usize, levels: f32, divisor: f32, extra: f32): void {
  const fire = levels > 0;
  const top = f32x4.splat(levels);
  const by = f32x4.splat(divisor);
  const more = f32x4.splat(extra);
  for (let r = 0; r < rows; r++) {
    let k = 0;
    for (; k + 4 <= c; k += 4) {
      const at = <usize>k << 2;
      const a = v128.load(alpha + at);
      const v = v128.load(x + at);
      const g = reaching(v, v128.load(dy + at), a, v128.load(beta + at), fire, top, by, more);
      const drift = f32x4.mul(f32x4.sub(v, v128.load(mean + at)), v128.load(slope + at));
      v128.store(dx + at, f32x4.mul(f32x4.sub(f32x4.sub(g, v128.load(meanG + at)), drift), a));
    }
    for (; k < c; k++) {
      const at = <usize>k << 2;
      const a = v128.load32_splat(alpha + at);
      const v = v128.load32_splat(x + at);
      const g = reaching(v, v128.load32_splat(dy + at), a, v128.load32_splat(beta + at), fire, top, by, more);
      const drift = f32x4.mul(f32x4.sub(v, v128.load32_splat(mean + at)), v128.load32_splat(slope + at));
      v128.store_lane<f32>(dx + at, f32x4.mul(f32x4.sub(f32x4.sub(g, v128.load32_splat(meanG + at)), drift), a), 0);
    }
    x += <usize>c << 2;
    dy += <usize>c << 2;
    dx += <usize>c << 2;
  }
}

/** out[m][n] = scale * sum over k of a[m][k] * b[k][n]; strides in bytes. For the small matrices of attention. */
function multiply(a: usize, aStride: usize, b: usize, bStride: usize, out: usize, outStride: usize, M: i32, K: i32, N: i32, scale: f32): void {
  const by = f32x4.splat(scale);
  for (let m = 0; m < M; m++) {
    let n = 0;
    for (; n + 16 <= N; n += 16) {
      const at = <usize>n << 2;
      let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
      for (let k = 0; k < K; k++) {
        const x = v128.load32_splat(a + (<usize>k << 2));
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
      const at = <usize>n << 2;
      let sum = f32x4.splat(0);
      for (let k = 0; k < K; k++) sum = multiplyAdd(sum, v128.load32_splat(a + (<usize>k << 2)), v128.load(b + k * bStride + at));
      v128.store(out + at, f32x4.mul(sum, by));
    }
    for (; n < N; n++) {
      const at = <usize>n << 2;
      let sum: f32 = 0;
      for (let k = 0; k < K; k++) sum += load<f32>(a + (<usize>k << 2)) * load<f32>(b + k * bStride + at);
      store<f32>(out + at, sum * scale);
    }
    a += aStride;
    out += outStride;
  }
}

/** to[j][i] = from[i][j], dense [rows][columns] matrices. */
function transpose(from: usize, to: usize, rows: i32, columns: i32): void {
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) store<f32>(to + (<usize>(j * rows + i) << 2), load<f32>(from + (<usize>(i * columns + j) << 2)));
}

/** state[dk][dv] = k^T v of one head. */
// @ts-ignore: decorator
@inline
function headState(k: usize, v: usize, state: usize, positions: i32, qk: i32, vs: i32, dk: i32, dv: i32): void {
  memory.fill(state, 0, (<usize>dk * dv) << 2);
  outer(k, 0, <usize>qk << 2, v, 0, <usize>vs << 2, 1, positions, dk, dv, state, <usize>dv << 2);
}

/**
 * y = scale * q (k^T v) per head; q, k: [batch][positions][qk], v and y: [batch][positions][vs]; heads split channels contiguously.
 * `scratch` holds dk * dv floats.
 */
export function attend(q: usize, k: usize, v: usize, y: usize, scratch: usize, batch: i32, positions: i32, qk: i32, vs: i32, heads: i32, scale: f32): void {
  const dk = qk / heads;
  const dv = vs / heads;
  for (let b = 0; b < batch; b++)
    for (let head = 0; head < heads; head++) {
      const atK = <usize>(b * positions * qk + head * dk) << 2;
      const atV = <usize>(b * positions * vs + head * dv) << 2;
      headState(k + atK, v + atV, scratch, positions, qk, vs, dk, dv);
      multiply(q + atK, <usize>qk << 2, scratch, <usize>dv << 2, y + atV, <usize>vs << 2, positions, dk, dv, scale);
    }
}

/** Gradients of `attend` by q, k and v. `scratch` holds 3 * dk * dv floats. */
export function attendGradient(q: usize, k: usize, v: usize, dy: usize, dq: usize, dkey: usize, dvalue: usize, scratch: usize, batch: i32, positions: i32, qk: i32, vs: i32, heads: i32, scale: f32): void {
  const dk = qk / heads;
  const dv = vs / heads;
  const size = (<usize>dk * dv) << 2;
  const state = scratch;
  const flipped = scratch + size;
  const dState = flipped + size;
  for (let b = 0; b < batch; b++)
    for (let head = 0; head < heads; head++) {
      const atK = <usize>(b * positions * qk + head * dk) << 2;
      const atV = <usize>(b * positions * vs + head * dv) << 2;
      headState(k + atK, v + atV, state, positions, qk, vs, dk, dv);
      transpose(state, flipped, dk, dv);
      multiply(dy + atV, <usize>vs << 2, flipped, <usize>dk << 2, dq + atK, <usize>qk << 2, positions, dv, dk, scale);
      headState(q + atK, dy + atV, dState, positions, qk, vs, dk, dv);
      multiply(k + atK, <usize>qk << 2, dState, <usize>dv << 2, dvalue + atV, <usize>vs << 2, positions, dk, dv, scale);
      transpose(dState, flipped, dk, dv);
      multiply(v + atV, <usize>vs << 2, flipped, <usize>dk << 2, dkey + atK, <usize>qk << 2, positions, dv, dk, scale);
    }
}
