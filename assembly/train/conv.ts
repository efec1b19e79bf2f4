import { embed } from './embed';
import { outer } from './outer';
import { multiplyAdd } from './vector';

/** Output channels of one tile of `convolution`. */
const TILE: i32 = 8;

/**
 * A filter [taps][ci][co] as panels of 8 outputs, [co / 8][taps][ci][8], zero past co. With `turn` the taps
 * are reversed and ci and co swapped: the filter of the input gradient, from the forward one [taps][co][ci].
 */
function packFilter(filter: usize, packed: usize, taps: i32, ci: i32, co: i32, turn: bool): void {
  for (let n = 0; n < co; n += TILE)
    for (let tap = 0; tap < taps; tap++)
      for (let k = 0; k < ci; k++)
        for (let lane = n; lane < n + TILE; lane++) {
          const at = turn ? ((taps - 1 - tap) * co + lane) * ci + k : (tap * ci + k) * co + lane;
          store<f32>(packed, lane < co ? load<f32>(filter + ((<usize>at) << 2)) : 0);
          packed += 4;
        }
}

/**
 * y[oy][ox][co] = sum over i, j, ci of padded[oy * strideH + i][ox * strideW + j][ci] * filter[i][j][ci][co],
 * where `padded` is x after `embed` into [hp][wp][ci]; `turn` as in `packFilter`. `scratch` holds the padded
 * image, the packed filter, [co / 8 rounded up][kh * kw * ci][8], one i32 per output position, and 128 extra
 * bytes.
 */
export function convolution(
  x: usize,
  filter: usize,
  y: usize,
  scratch: usize,
  batch: i32,
  h: i32,
  w: i32,
  ci: i32,
  oh: i32,
  ow: i32,
  co: i32,
  kh: i32,
  kw: i32,
  strideH: i32,
  strideW: i32,
  top: i32,
  left: i32,
  dilateH: i32,
  dilateW: i32,
  hp: i32,
  wp: i32,
  turn: bool,
): void {
  const padded = hp != h || wp != w;
  const pixel = (<usize>ci) << 2;
  const outPixel = (<usize>co) << 2;
  const packed = scratch + <usize>(hp * wp) * pixel;
  const panel = <usize>(kh * kw) * pixel * TILE;
  const offsets = packed + <usize>((co + TILE - 1) / TILE) * panel;
  const positions = oh * ow;
  const tile = offsets + ((<usize>positions) << 2);
  packFilter(filter, packed, kh * kw, ci, co, turn);
  if (padded) memory.fill(scratch, 0, <usize>(hp * wp) * pixel);
  for (let t = 0; t < positions; t++)
    store<i32>(offsets + ((<usize>t) << 2), ((t / ow) * strideH * wp + (t % ow) * strideW) * <i32>pixel);
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
        const at = offsets + ((<usize>t) << 2);
        // Positions past the end repeat an earlier one, into a tile that is discarded.
        const p0 = image + load<i32>(at);
        const p1 = image + load<i32>(rest > 1 ? at + 4 : at);
        const p2 = image + load<i32>(rest > 2 ? at + 8 : at);
        const p3 = image + load<i32>(rest > 3 ? at + 12 : at);
        const out = y + <usize>(b * positions + t) * outPixel + ((<usize>n) << 2);
        if (whole && rest > 3)
          convolutionTile(p0, p1, p2, p3, <usize>wp * pixel, f, kh, kw * ci, out, outPixel);
        else {
          convolutionTile(p0, p1, p2, p3, <usize>wp * pixel, f, kh, kw * ci, tile, TILE << 2);
          const bytes = (<usize>min(TILE, co - n)) << 2;
          for (let i = 0; i < min(4, rest); i++)
            memory.copy(out + i * outPixel, tile + ((i * TILE) << 2), bytes);
        }
      }
    }
  }
}

/**
 * Four output positions by 8 channels; a kernel row's taps and channels are contiguous in image and filter.
 */
function convolutionTile(
  p0: usize,
  p1: usize,
  p2: usize,
  p3: usize,
  row: usize,
  f: usize,
  kh: i32,
  run: i32,
  out: usize,
  outPixel: usize,
): void {
  let s00 = f32x4.splat(0),
    s01 = s00,
    s10 = s00,
    s11 = s00,
    s20 = s00,
    s21 = s00,
    s30 = s00,
    s31 = s00;
  const bytes = (<usize>run) << 2;
  for (let i = 0; i < kh; i++) {
    for (let at: usize = 0; at < bytes; at += 4) {
      const w0 = v128.load(f),
        w1 = v128.load(f, 16);
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
 * Filter gradient of a convolution: dw[i][j][ci][co] = sum of x[oy * strideH + i - top][ox * strideW + j -
 * left][ci] * dy[oy][ox][co]. `scratch` holds one padded image, at least [(oh - 1) * strideH + kh][(ow - 1) *
 * strideW + kw][ci].
 */
export function convFilterGradient(
  x: usize,
  dy: usize,
  dw: usize,
  scratch: usize,
  batch: i32,
  h: i32,
  w: i32,
  ci: i32,
  oh: i32,
  ow: i32,
  co: i32,
  kh: i32,
  kw: i32,
  strideH: i32,
  strideW: i32,
  top: i32,
  left: i32,
  hp: i32,
  wp: i32,
): void {
  const padded = hp != h || wp != w;
  if (padded) memory.fill(scratch, 0, (<usize>hp * wp * ci) << 2);
  memory.fill(dw, 0, (<usize>kh * kw * ci * co) << 2);
  const pixel = (<usize>ci) << 2;
  const outPixel = (<usize>co) << 2;
  for (let b = 0; b < batch; b++) {
    let image = x + <usize>(b * h * w) * pixel;
    if (padded) {
      embed(image, scratch, h, w, ci, wp, top, left, 1, 1);
      image = scratch;
    }
    const gradient = dy + <usize>(b * oh * ow) * outPixel;
    for (let i = 0; i < kh; i++)
      for (let j = 0; j < kw; j++)
        outer(
          image + <usize>(i * wp + j) * pixel,
          <usize>(strideH * wp) * pixel,
          <usize>strideW * pixel,
          gradient,
          <usize>ow * outPixel,
          outPixel,
          oh,
          ow,
          ci,
          co,
          dw + <usize>((i * kw + j) * ci) * outPixel,
          outPixel,
        );
  }
}
