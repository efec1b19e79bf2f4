/**
 * What a kernel's arithmetic may use: `relaxed` 128-bit vectors and products of bytes, which not every engine
 * has and computes right, `simd` 128-bit vectors, `swar` plain 32-bit integers.
 */
export const tiers = ['relaxed', 'simd', 'swar'] as const;
export type Tier = (typeof tiers)[number];

export const hasVectors = (tier: Tier): boolean => tier !== 'swar';
