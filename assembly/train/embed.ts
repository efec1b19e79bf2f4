/**
 * Copies a [h][w][c] map into `to`, a [hp][wp][c] map that is zero elsewhere, starting at (top, left), with
 * `dilateH - 1` and `dilateW - 1` untouched positions between neighbours.
 */
export function embed(
  from: usize,
  to: usize,
  h: i32,
  w: i32,
  c: i32,
  wp: i32,
  top: i32,
  left: i32,
  dilateH: i32,
  dilateW: i32,
): void {
  const pixel = (<usize>c) << 2;
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
