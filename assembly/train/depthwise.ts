import { embed } from './embed';
import { multiplyAdd } from './vector';

/**
 * Depthwise correlation of a batch, y[oy][ox][c] = sum over i, j of padded[oy * strideH + i][ox * strideW +
 * j][c] * w[i][j][c], where `padded` is x after `embed` into [hp][wp][c]. With `flip` the taps are reversed,
 * for the input gradient.
 */
export function depthwise(
  x: usize,
  filter: usize,
  y: usize,
  scratch: usize,
  batch: i32,
  h: i32,
  w: i32,
  c: i32,
  oh: i32,
  ow: i32,
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
  flip: bool,
): void {
  memory.fill(scratch, 0, (<usize>hp * wp * c) << 2);
  const pixel = (<usize>c) << 2;
  const tap = flip ? 0 - pixel : pixel;
  const first = flip ? filter + <usize>(kh * kw - 1) * pixel : filter;
  for (let b = 0; b < batch; b++) {
    embed(x + <usize>(b * h * w) * pixel, scratch, h, w, c, wp, top, left, dilateH, dilateW);
    for (let oy = 0; oy < oh; oy++)
      for (let ox = 0; ox < ow; ox++) {
        depthwisePixel(
          scratch + <usize>(oy * strideH * wp + ox * strideW) * pixel,
          <usize>wp * pixel,
          first,
          tap,
          y,
          c,
          kh,
          kw,
        );
        y += pixel;
      }
  }
}

// @ts-ignore: decorator
@inline
function depthwisePixel(
  from: usize,
  row: usize,
  first: usize,
  tap: usize,
  y: usize,
  c: i32,
  kh: i32,
  kw: i32,
): void {
  const pixel = (<usize>c) << 2;
  let channel: usize = 0;
  for (; channel + 64 <= pixel; channel += 64) {
    let s0 = f32x4.splat(0),
      s1 = s0,
      s2 = s0,
      s3 = s0;
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

/**
 * Filter gradient of a depthwise convolution: dw[i][j][c] = sum of padded[oy * strideH + i][ox * strideW +
 * j][c] * dy[oy][ox][c].
 */
export function depthwiseFilterGradient(
  x: usize,
  dy: usize,
  dw: usize,
  scratch: usize,
  batch: i32,
  h: i32,
  w: i32,
  c: i32,
  oh: i32,
  ow: i32,
  kh: i32,
  kw: i32,
  strideH: i32,
  strideW: i32,
  top: i32,
  left: i32,
  hp: i32,
  wp: i32,
): void {
  memory.fill(scratch, 0, (<usize>hp * wp * c) << 2);
  memory.fill(dw, 0, (<usize>kh * kw * c) << 2);
  const pixel = (<usize>c) << 2;
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
        for (; j + 4 <= kw; j += 4)
          depthwiseTaps(
            from + channel + j * pixel,
            gradient + channel,
            to + channel + j * pixel,
            pixel,
            oh,
            ow,
            stepH,
            stepW,
            4,
          );
        for (; j + 3 <= kw; j += 3)
          depthwiseTaps(
            from + channel + j * pixel,
            gradient + channel,
            to + channel + j * pixel,
            pixel,
            oh,
            ow,
            stepH,
            stepW,
            3,
          );
        for (; j < kw; j++)
          depthwiseTaps(
            from + channel + j * pixel,
            gradient + channel,
            to + channel + j * pixel,
            pixel,
            oh,
            ow,
            stepH,
            stepW,
            1,
          );
      }
      for (; channel < pixel; channel += 4)
        for (let j = 0; j < kw; j++)
          depthwiseTap(
            from + channel + j * pixel,
            gradient + channel,
            to + channel + j * pixel,
            pixel,
            oh,
            ow,
            stepH,
            stepW,
          );
    }
  }
}

// @ts-ignore: decorator
@inline
function depthwiseTaps(
  from: usize,
  dy: usize,
  to: usize,
  pixel: usize,
  oh: i32,
  ow: i32,
  stepH: usize,
  stepW: usize,
  taps: i32,
): void {
  let s0 = v128.load(to),
    s1 = s0,
    s2 = s0,
    s3 = s0;
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

function depthwiseTap(
  from: usize,
  dy: usize,
  to: usize,
  pixel: usize,
  oh: i32,
  ow: i32,
  stepH: usize,
  stepW: usize,
): void {
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
