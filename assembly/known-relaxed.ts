/**
 * A known answer for the only relaxed instruction that kernels use. The standard leaves its result open
 * outside the range that they use: products of weights with 4-bit counts, mixed over `rounds` rounds. The
 * loader checks the answer (host/wasm/model.mts), because an engine's compilers can get such an instruction
 * wrong.
 */
export function knownAnswer(rounds: i32): i32 {
  const counts = i8x16.splat(15);
  let mixed = i32x4(1, 2, 3, 4);
  let bytes = i32x4(0x7f817f81, 0x81817f7f, 0x7f7f7f7f, 0x81818181);
  for (let i = 0; i < rounds; i++) {
    // All counts at their maximum first, then any.
    const some = i < 4 ? counts : v128.and(i32x4.shr_u(bytes, 3), counts);
    mixed = i32x4.add(i32x4.mul(mixed, i32x4.splat(31)), i16x8.relaxed_dot_i8x16_i7x16_s(bytes, some));
    bytes = i32x4.add(i32x4.mul(bytes, i32x4.splat(1664525)), i32x4.splat(1013904223));
  }
  return (
    i32x4.extract_lane(mixed, 0) ^ i32x4.extract_lane(mixed, 1) ^
    i32x4.extract_lane(mixed, 2) ^ i32x4.extract_lane(mixed, 3)
  );
}
