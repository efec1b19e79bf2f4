/**
 * Functions of assembly/lanes-swar.ts, by their names in the module, as instructions on lanes that do not carry, which
 * Cortex-M4, M7, M33 and M55 have. The sums that they lead to are the same.
 */
export const laneInstructions: ReadonlyMap<string, (parameters: string[]) => string[]> = new Map([
  [
    'assembly/lanes/addLow',
    ([low, bytes]) => [`__asm__("uxtab16 %0, %0, %1" : "+r"(${low}) : "r"(${bytes}));`, `return ${low};`],
  ],
  [
    'assembly/lanes/addHigh',
    ([high, bytes]) => [
      `__asm__("uxtab16 %0, %0, %1, ror #8" : "+r"(${high}) : "r"(${bytes}));`,
      `return ${high};`,
    ],
  ],
  [
    'assembly/lanes/twice',
    ([lanes]) => [`__asm__("uadd16 %0, %0, %0" : "+r"(${lanes}));`, `return ${lanes};`],
  ],
  ['assembly/lanes/lowSums', ([low, high, excess]) => [`(void)${high};`, ...lessExcess(low!, excess!)]],
  ['assembly/lanes/highSums', ([high, excess]) => lessExcess(high!, excess!)],
]);

const lessExcess = (lanes: string, excess: string): string[] => [
  `__asm__("pkhbt %0, %0, %0, lsl #16" : "+r"(${excess}));`,
  `__asm__("usub16 %0, %0, %1" : "+r"(${lanes}) : "r"(${excess}));`,
  `return ${lanes};`,
];
