/** Bits of the largest count. */
export const planesOf = (levels: number): number => 32 - Math.clz32(levels);

/** Bits that are set. */
export const ones = (n: number): number => (n ? (n & 1) + ones(n >> 1) : 0);
