/**
 * What a kernel's arithmetic may use: `relaxed` 128-bit vectors and products of bytes, which not every engine has and
 * computes right, `simd` 128-bit vectors, `swar` plain 32-bit integers.
 */
export const tiers = ['relaxed', 'simd', 'swar'];
export const hasVectors = (tier) => tier !== 'swar';
