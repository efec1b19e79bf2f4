import { multiplyAdd } from './vector';

/**
 * out[k][n] += sum over rows and columns of a[row][column][k] * b[row][column][n]; strides in bytes, `out`
 * has rows of `outStride` bytes.
 */
export function outer(
  a: usize,
  aRow: usize,
  aColumn: usize,
  b: usize,
  bRow: usize,
  bColumn: usize,
  rows: i32,
  columns: i32,
  K: i32,
  N: i32,
  out: usize,
  outStride: usize,
): void {
  let k = 0;
  for (; k + 4 <= K; k += 4) {
    const ak = a + ((<usize>k) << 2);
    let o = out + k * outStride;
    let n = 0;
    for (; n + 8 <= N; n += 8) {
      const o1 = o + outStride;
      const o2 = o1 + outStride;
      const o3 = o2 + outStride;
      let s00 = v128.load(o),
        s01 = v128.load(o, 16);
      let s10 = v128.load(o1),
        s11 = v128.load(o1, 16);
      let s20 = v128.load(o2),
        s21 = v128.load(o2, 16);
      let s30 = v128.load(o3),
        s31 = v128.load(o3, 16);
      let ar = ak;
      let br = b + ((<usize>n) << 2);
      for (let r = 0; r < rows; r++) {
        let pa = ar;
        let pb = br;
        for (let i = 0; i < columns; i++) {
          const y0 = v128.load(pb),
            y1 = v128.load(pb, 16);
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
        outerRow(
          ak + ((<usize>i) << 2),
          aRow,
          aColumn,
          b,
          bRow,
          bColumn,
          rows,
          columns,
          n,
          N,
          out + (k + i) * outStride,
        );
  }
  for (; k < K; k++)
    outerRow(
      a + ((<usize>k) << 2),
      aRow,
      aColumn,
      b,
      bRow,
      bColumn,
      rows,
      columns,
      0,
      N,
      out + k * outStride,
    );
}

/** One row of `outer`, starting at `n`. */
function outerRow(
  a: usize,
  aRow: usize,
  aColumn: usize,
  b: usize,
  bRow: usize,
  bColumn: usize,
  rows: i32,
  columns: i32,
  n: i32,
  N: i32,
  out: usize,
): void {
  for (; n + 4 <= N; n += 4) {
    const o = out + ((<usize>n) << 2);
    let sum = v128.load(o);
    for (let r = 0; r < rows; r++) {
      let pa = a + r * aRow;
      let pb = b + r * bRow + ((<usize>n) << 2);
      for (let i = 0; i < columns; i++) {
        sum = multiplyAdd(sum, v128.load32_splat(pa), v128.load(pb));
        pa += aColumn;
        pb += bColumn;
      }
    }
    v128.store(o, sum);
  }
  for (; n < N; n++) {
    const o = out + ((<usize>n) << 2);
    let sum = load<f32>(o);
    for (let r = 0; r < rows; r++) {
      let pa = a + r * aRow;
      let pb = b + r * bRow + ((<usize>n) << 2);
      for (let i = 0; i < columns; i++) {
        sum += load<f32>(pa) * load<f32>(pb);
        pa += aColumn;
        pb += bColumn;
      }
    }
    store<f32>(o, sum);
  }
}
