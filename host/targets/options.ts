import { architectures, datapaths } from '../../fpga/emit/index.js';
import { MOST_THREADS } from '../../wasm/describe.js';
import { type ModelOptions, weightPlaces } from '../../wasm/plan-model.js';
import { PATIENCE } from '../run/open-model.js';
import { usageError } from '../system/usage.js';

/** What an option takes. `to` and `from` are themselves allowed. */
export type OptionValue =
  | { kind: 'flag' | 'text' | 'bytes' }
  | { kind: 'integer' | 'number'; from: number; to: number }
  | { kind: 'word' | 'words'; of: readonly string[] };

/** An option of a target, as plain data: the command line parses by it, the functions check by it. */
export type TargetOption = {
  /** As commander writes them: `--lanes <n>`. Functions take it as `lanes`. */
  flags: string;
  description: string;
  value: OptionValue;
  default?: string | number | string[];
};

/** `--learning-rate <x>` as `learningRate`. */
export const nameOf = ({ flags }: Pick<TargetOption, 'flags'>): string =>
  /^--([a-z-]+)/.exec(flags)![1]!.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** `learningRate` as `--learning-rate`. */
export const flagOf = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** Options for planning a model. */
export const planOptions: TargetOption[] = [
  {
    flags: '--ram <bytes>',
    description: 'most RAM, as 384k: the fastest plan within it (default: the fastest of all)',
    value: { kind: 'bytes' },
  },
  {
    flags: '--time <factor>',
    description: "the smallest RAM at this many times the fastest plan's time, as estimated: 1.1",
    value: { kind: 'number', from: 1, to: 1000 },
  },
  {
    flags: '--weights <place>',
    description:
      'inside: in the memory, or in flash where a device reads it in place (default); outside: in a file that the module reads',
    value: { kind: 'word', of: weightPlaces },
  },
];

export type PlanFlags = Pick<ModelOptions, 'ram' | 'time' | 'weights'>;

/** Checked options as those of a plan. Throws where they contradict each other. */
export function budgetOf({ ram, time, weights }: PlanFlags): PlanFlags {
  if (ram !== undefined && time !== undefined)
    throw usageError('--ram and --time are two budgets', 'give one of them');
  return {
    ...(ram === undefined ? {} : { ram }),
    ...(time === undefined ? {} : { time }),
    ...(weights === undefined ? {} : { weights }),
  };
}

/** The board that a build is for. */
export const boardOption: TargetOption = {
  flags: '--board <name>',
  description: "the board: 'spikelet boards' lists them",
  value: { kind: 'text' },
};

export const baudOption = (fallback: string): TargetOption => ({
  flags: '--baud <n>',
  description: `speed of the port (default: ${fallback})`,
  value: { kind: 'integer', from: 300, to: 4_000_000 },
});

/** A board at a serial port; without one, what stands for it. */
export const portOptions: TargetOption[] = [
  {
    flags: '--port <path>',
    description: 'serial port of the board; without it, its emulator',
    value: { kind: 'text' },
  },
  baudOption("the board's, or 115200"),
];

/** Which core an FPGA gets. */
export const coreOptions: TargetOption[] = [
  {
    flags: '--architecture <name>',
    description: `one core for all layers or a core per layer: ${architectures.join(', ')}`,
    value: { kind: 'word', of: architectures },
    default: 'sequential',
  },
  {
    flags: '--lanes <n>',
    description: 'outputs computed side by side',
    value: { kind: 'integer', from: 1, to: 64 },
    default: 8,
  },
  {
    flags: '--datapath <name>',
    description: `how a spike count is added: ${datapaths.join(', ')}`,
    value: { kind: 'word', of: datapaths },
    default: 'popcount',
  },
];

/** `--threads`, with what it is for. */
export const threadsOption = (purpose: string): TargetOption => ({
  flags: '--threads <n>',
  description: `threads: ${purpose}`,
  value: { kind: 'integer', from: 1, to: MOST_THREADS },
  default: 1,
});

/** `--timeout`, after which a module that was given is broken off. */
export const timeoutOption: TargetOption = {
  flags: '--timeout <seconds>',
  description: 'most that loading a built module, or one image in it, may take',
  value: { kind: 'number', from: 0.001, to: 86_400 },
  default: PATIENCE,
};

/** What is wrong with a value, as `must be an integer from 1 to 64, got 99`; undefined where nothing is. */
export function problemWith(value: unknown, wanted: OptionValue): string | undefined {
  const must = (what: string) => `must be ${what}, got ${JSON.stringify(value) ?? String(value)}`;
  switch (wanted.kind) {
    case 'flag':
      return typeof value === 'boolean' ? undefined : must('true or false');
    case 'text':
      return typeof value === 'string' ? undefined : must('a text');
    case 'bytes':
      return inRange(value, 1, 2 ** 32) && Number.isInteger(value) ? undefined : must('a number of bytes');
    case 'integer':
    case 'number': {
      const { kind, from, to } = wanted;
      const fits = inRange(value, from, to) && (kind === 'number' || Number.isInteger(value));
      return fits
        ? undefined
        : must(`${kind === 'number' ? 'a number' : 'an integer'} from ${from} to ${to}`);
    }
    case 'word':
      return wanted.of.includes(value as string) ? undefined : must(`one of ${wanted.of.join(', ')}`);
    case 'words':
      return Array.isArray(value) && value.every((each) => wanted.of.includes(each))
        ? undefined
        : must(`a list of ${wanted.of.join(', ')}`);
  }
}

const inRange = (value: unknown, from: number, to: number): boolean =>
  typeof value === 'number' && value >= from && value <= to;
