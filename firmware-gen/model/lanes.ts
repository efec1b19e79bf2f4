/** C for functions of assembly/ on one kind of core, for which `when` is defined. */
export type LaneInstructions = {
  /** The macro of model.c. */
  when: string;
  /** Bodies by function name in the module; absent: use the printed one. */
  bodies: ReadonlyMap<string, (parameters: string[]) => string[]>;
};

const lanes = (name: string): string => `assembly/lanes/${name}`;

/** Lanes that do not carry: Cortex-M4, M7, M33 and M55. The resulting sums are the same. */
const apart: LaneInstructions = {
  when: 'LANES',
  bodies: new Map([
    [
      lanes('addLow'),
      ([low, bytes]) => [`__asm__("uxtab16 %0, %0, %1" : "+r"(${low}) : "r"(${bytes}));`, `return ${low};`],
    ],
    [
      lanes('addHigh'),
      ([high, bytes]) => [
        `__asm__("uxtab16 %0, %0, %1, ror #8" : "+r"(${high}) : "r"(${bytes}));`,
        `return ${high};`,
      ],
    ],
    [lanes('twice'), ([value]) => [`__asm__("uadd16 %0, %0, %0" : "+r"(${value}));`, `return ${value};`]],
    [lanes('lowSums'), ([low, high, excess]) => [`(void)${high};`, ...lessExcess(low!, excess!)]],
    [lanes('highSums'), ([low, high, excess]) => [`(void)${low};`, ...lessExcess(high!, excess!)]],
  ]),
};

const lessExcess = (value: string, excess: string): string[] => [
  `__asm__("pkhbt %0, %0, %0, lsl #16" : "+r"(${excess}));`,
  `__asm__("usub16 %0, %0, %1" : "+r"(${value}) : "r"(${excess}));`,
  `return ${value};`,
];

/**
 * Bytes swapped in pairs: Cortex-M0, M0+ and M3. With the sums s of a word's bytes, low = s0 + 2^8 s1 + 2^16
 * s2 + 2^24 s3 and high = s1 + 2^8 s0 + 2^16 s3 + 2^24 s2, so low - 2^8 high = s0 + 2^16 (s2 - s0) modulo
 * 2^32: a spike needs no mask, and no register for one.
 */
const swapped: LaneInstructions = {
  when: 'SWAPS',
  bodies: new Map([
    [
      lanes('addHigh'),
      ([high, bytes]) => [
        'u32 swapped;',
        `__asm__("rev16 %0, %1" : "=l"(swapped) : "l"(${bytes}));`,
        `return ${high} + swapped;`,
      ],
    ],
    [lanes('lowSums'), ([low, high, excess]) => unswapped(low!, high!, excess!)],
    [lanes('highSums'), ([low, high, excess]) => unswapped(high!, low!, excess!)],
  ]),
};

const unswapped = (value: string, other: string, excess: string): string[] => [
  `u32 sums = ${value} - (${other} << 8);`,
  'sums += sums << 16;',
  `sums -= ${excess} * 65537;`,
  'return sums + ((sums & 32768) << 1);',
];

/** In order of preference. */
export const laneInstructions: readonly LaneInstructions[] = [apart, swapped];
