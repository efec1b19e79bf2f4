import { highSums, lowSums } from './lanes';

/** Stores a pair's four sums as 16-bit values. */
@inline
export function storeSums(to: usize, low: u32, high: u32, excess: i32): void {
  store<u32>(to, lowSums(low, high, excess));
  store<u32>(to, highSums(low, high, excess), 4);
}

@inline
function addTwo(to: usize, sums: u32, plane: i32): void {
  store<i32>(to, load<i32>(to) + (<i32>(<i16>sums) << plane));
  store<i32>(to, load<i32>(to, 4) + ((<i32>sums >> 16) << plane), 4);
}

/** Adds a pair's sums, times 2^plane, to the i32 sums at `to`. */
export function addSums(to: usize, low: u32, high: u32, excess: i32, plane: i32): void {
  addTwo(to, lowSums(low, high, excess), plane);
  addTwo(to + 8, highSums(low, high, excess), plane);
}
