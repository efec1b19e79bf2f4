import { placeBytes, valueAt } from './counts';
import { Node, rowAt } from './node';

/** A band of rows of `pool` (models/ops/pool.ts), input of type X, `packed` or not, output of type Y. */
@inline
export function pool<X, Y>(
  node: Node, row: i32, rows: i32,
  width: i32, channels: i32, columns: i32,
  kernelRows: i32, kernelColumns: i32, strideRows: i32, strideColumns: i32,
  packed: bool,
): void {
  const place = placeBytes<X>(channels, packed);
  for (let r = row; r < row + rows; r++) {
    let y = rowAt(node.y, node.yRows, columns * channels * sizeof<Y>(), r);
    for (let c = 0; c < columns; c++)
      for (let ch = 0; ch < channels; ch++) {
        let sum = 0;
        for (let i = 0; i < kernelRows; i++) {
          let x = rowAt(node.x, node.xRows, width * place, r * strideRows + i) + c * strideColumns * place;
          for (let j = 0; j < kernelColumns; j++) {
            sum += valueAt<X>(x, ch, packed);
            x += place;
          }
        }
        store<Y>(y, <Y>sum);
        y += sizeof<Y>();
      }
  }
}
