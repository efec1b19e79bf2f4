import { listIf } from './branches';

/** Most planes of counts that are listed in one pass. */
export const LISTED: i32 = 3;

/**
 * Writes one row of counts up to 7 as lists of inputs (wasm/streams.ts): inputs that add their weights
 * once, upwards from `entries`; those that add them twice, downwards from `end`; and those that add them four
 * times, after the 1s. With two lists, a 4 is listed as two 2s. `table` [list][column + 1] gets the address
 * where each column begins, or ends. Four counts in one word are checked together, because few counts exceed
 * 1.
 */
export function list<E>(
  x: usize, width: i32, channels: i32, lists: i32, table: usize, entries: usize, end: usize,
): void {
  const from = x;
  let twos = end - sizeof<E>();
  let index = 0;
  const second = <usize>(width + 1) << 2;
  for (let c = 0; c <= width; c++) {
    store<u32>(table, entries);
    if (lists > 1) store<u32>(table + second, twos + sizeof<E>());
    table += 4;
    if (c == width) break;
    if ((channels & 3) == 0) {
      for (const stop = x + channels; x < stop; x += 4) {
        const counts = load<u32>(x);
        const index1 = index + 1;
        const index2 = index + 2;
        const index3 = index + 3;
        if (counts) {
          entries = listIf<E>(entries, index, counts & 1);
          entries = listIf<E>(entries, index1, (counts >> 8) & 1);
          entries = listIf<E>(entries, index2, (counts >> 16) & 1);
          entries = listIf<E>(entries, index3, (counts >> 24) & 1);
          if (counts & 0x06060606) {
            if (counts & 2) {
              store<E>(twos, <E>index);
              twos -= sizeof<E>();
            }
            if (counts & 0x200) {
              store<E>(twos, <E>index1);
              twos -= sizeof<E>();
            }
            if (counts & 0x20000) {
              store<E>(twos, <E>index2);
              twos -= sizeof<E>();
            }
            if (counts & 0x2000000) {
              store<E>(twos, <E>index3);
              twos -= sizeof<E>();
            }
            if (lists == 2 && counts & 0x04040404) {
              if (counts & 4) twos = listTwice<E>(twos, index);
              if (counts & 0x400) twos = listTwice<E>(twos, index1);
              if (counts & 0x40000) twos = listTwice<E>(twos, index2);
              if (counts & 0x4000000) twos = listTwice<E>(twos, index3);
            }
          }
        }
        index += 4;
      }
    } else {
      for (const stop = x + channels; x < stop; x++) {
        const count = <u32>load<u8>(x);
        if (count & 1) {
          store<E>(entries, <E>index);
          entries += sizeof<E>();
        }
        if (count & 2) {
          store<E>(twos, <E>index);
          twos -= sizeof<E>();
        }
        if (lists == 2 && count & 4) twos = listTwice<E>(twos, index);
        index++;
      }
    }
  }
  if (lists > 2) listPlane<E>(from, width, channels, 2, table + second, entries);
}

/** Lists an input with four spikes as two 2s. */
@inline
function listTwice<E>(twos: usize, index: i32): usize {
  store<E>(twos, <E>index);
  store<E>(twos - sizeof<E>(), <E>index);
  return twos - 2 * sizeof<E>();
}

/**
 * Lists the inputs whose count has a plane's bit; `table` [column + 1] gets the address where each column
 * begins.
 */
function listPlane<E>(x: usize, width: i32, channels: i32, plane: i32, table: usize, entries: usize): usize {
  let index = 0;
  for (let c = 0; c < width; c++) {
    store<u32>(table, entries);
    table += 4;
    for (const end = x + channels; x < end; x++) {
      store<E>(entries, <E>index);
      entries += <usize>((<u32>load<u8>(x) >> plane) & 1) * sizeof<E>();
      index++;
    }
  }
  store<u32>(table, entries);
  return entries;
}

/** Writes one row of counts as one list per plane, highest first: `table` [plane][column + 1]. */
export function listPlanes<E>(
  x: usize, width: i32, channels: i32, planes: i32, table: usize, entries: usize,
): void {
  for (let plane = planes - 1; plane >= 0; plane--)
    entries = listPlane<E>(x, width, channels, plane, table + <usize>(plane * (width + 1) * 4), entries);
}
