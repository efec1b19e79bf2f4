import { MOST_THREADS } from '../../wasm/describe.js';
import { type ModelOptions, type WeightPlace, weightPlaces } from '../../wasm/plan-model.js';
import { PATIENCE } from '../run/open-model.js';
import { byteCount, integer, number, oneOf, usageError, type VerbOption } from './verb.js';

/** What a verb that plans takes. */
export type PlanFlags = { ram?: number; time?: number; weights?: WeightPlace };

export const planOptions: VerbOption[] = [
  {
    flags: '--ram <bytes>',
    description: 'most RAM, as 384k: the fastest plan within it (default: the fastest of all)',
    parse: byteCount,
  },
  {
    flags: '--time <factor>',
    description: "the smallest RAM at this many times the fastest plan's time, as estimated: 1.1",
    parse: number(1, 1000),
  },
  {
    flags: '--weights <place>',
    description:
      'inside: in the memory, or in flash where a device reads it in place (default); outside: in a file that the module reads',
    parse: oneOf(weightPlaces),
  },
];

/** `--threads`, with what it is for. */
export const threadsOption = (purpose: string): VerbOption => ({
  flags: '--threads <n>',
  description: `threads: ${purpose}`,
  parse: integer(1, MOST_THREADS),
  default: 1,
});

/** `--timeout`, after which a module that was given is broken off. */
export const timeoutOption: VerbOption = {
  flags: '--timeout <seconds>',
  description: 'most that loading a built module, or one image in it, may take',
  parse: number(0.001, 86_400),
  default: PATIENCE,
};

/** Checked flags as options of a plan. Throws where they contradict each other. */
export function modelOptions({ ram, time, weights }: PlanFlags): ModelOptions {
  if (ram !== undefined && time !== undefined)
    throw usageError('--ram and --time are two budgets', 'give one of them');
  return {
    ...(ram === undefined ? {} : { ram }),
    ...(time === undefined ? {} : { time }),
    ...(weights === undefined ? {} : { weights }),
  };
}
