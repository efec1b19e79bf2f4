/**
 * Writes one row of counts as streams (models/ops/streams.ts): per plane, highest first, the positions of the inputs
 * whose count has the plane's bit. `table` [plane][column + 1] gets the address where each column begins.
 * An entry is always written and kept only if the bit is set: there is no branch to predict.
 */
export function extract<E>(x: usize, width: i32, channels: i32, planes: i32, table: usize, entries: usize): void {
  for (let plane = planes - 1; plane >= 0; plane--) {
    let from = x;
    let index = 0;
    let to = table + <usize>(plane * (width + 1) * 4);
    for (let c = 0; c < width; c++) {
      store<u32>(to, entries);
      to += 4;
      for (const end = from + channels; from < end; from++) {
        store<E>(entries, <E>(index++));
        entries += <usize>((<i32>load<u8>(from) >> plane) & 1) * sizeof<E>();
      }
    }
    store<u32>(to, entries);
  }
}
