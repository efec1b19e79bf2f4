/**
 * Writes one row of counts as streams (models/ops/streams.ts): per plane, highest first, the positions of the inputs
 * whose count has the plane's bit. `table` [plane][column + 1] gets the address where each column begins.
 * Four counts are looked at together where they lie in one word: most words of a plane have no bit set.
 */
export function extract<E>(x: usize, width: i32, channels: i32, planes: i32, table: usize, entries: usize): void {
  for (let plane = planes - 1; plane >= 0; plane--) {
    let from = x;
    let index = 0;
    let to = table + <usize>(plane * (width + 1) * 4);
    const mask: u32 = 0x01010101 << plane;
    for (let c = 0; c < width; c++) {
      store<u32>(to, entries);
      to += 4;
      const end = from + channels;
      if ((channels & 3) == 0) {
        for (; from < end; from += 4) {
          const bits = (load<u32>(from) & mask) >> plane;
          if (bits) {
            // An entry is always written and kept only if the bit is set: there is no branch to predict.
            store<E>(entries, <E>index);
            entries += <usize>(bits & 1) * sizeof<E>();
            store<E>(entries, <E>(index + 1));
            entries += <usize>((bits >> 8) & 1) * sizeof<E>();
            store<E>(entries, <E>(index + 2));
            entries += <usize>((bits >> 16) & 1) * sizeof<E>();
            store<E>(entries, <E>(index + 3));
            entries += <usize>(bits >> 24) * sizeof<E>();
          }
          index += 4;
        }
      } else {
        for (; from < end; from++) {
          store<E>(entries, <E>(index++));
          entries += <usize>((<i32>load<u8>(from) >> plane) & 1) * sizeof<E>();
        }
      }
    }
    store<u32>(to, entries);
  }
}
