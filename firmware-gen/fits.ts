import { type Board, type MemoryRegion, memoryOf } from './boards/index.js';

/** Bytes that a model takes on a device, known before anything is compiled. */
export type ModelBytes = {
  /** Exact: weights, and all other constants (thresholds, scales, pixel table, schedule). */
  weights: number;
  constants: number;
  /** Exact: RAM for tensors and working memory. */
  arena: number;
  /** Upper bound of the code. */
  code: number;
  /** Number of layers; the shell keeps a note for each. */
  layers: number;
};

/** Upper bound for the program without the model: the shell's code and variables, without its notes. */
export const reserved = { code: 16 << 10, ram: 5 << 10 };

/** Bytes of RAM per note of a layer or the input: struct note in shell/inference.h. */
export const NOTE_BYTES = 16;

/** Upper bound of the shell's variables for a model with this many layers. */
export const shellRam = (layers: number): number => reserved.ram + NOTE_BYTES * (layers + 1);

/** Upper bound of a layer's function, in bytes; layers of equal geometry share one. Measured: 600 to 980. */
export const FUNCTION_BYTES = 1280;

/** The same with bounds checks. Measured: 1990 to 2730, mean per net. */
export const CHECKED_FUNCTION_BYTES = 4096;

/** How a model fits on a board, in bytes; `problem` says what does not fit. */
export type Fit = {
  /** The memory that holds the weights: the code's, or a separate one. */
  weightsIn: string;
  flash: { used: number; bytes: number };
  /** The separate memory for weights, if they are not next to the code. */
  beside?: { used: number; bytes: number };
  ram: { used: number; bytes: number };
  stack: number;
  problem?: string;
};

/** RAM that a board has left for the arena of a model with this many layers. */
export const ramFor = (board: Board, layers: number): number =>
  memoryOf(board, board.ram).bytes - board.stackBytes - shellRam(layers);

/** Places a model on a board. Weights stay next to the code if there is room. */
export function fitOn(board: Board, model: ModelBytes): Fit {
  const code = memoryOf(board, board.code);
  const ram = memoryOf(board, board.ram);
  const place = (weightsIn: MemoryRegion): Fit => {
    const own = weightsIn.name !== code.name;
    const flash = reserved.code + model.code + model.constants + (own ? 0 : model.weights);
    const fit: Fit = {
      weightsIn: weightsIn.name,
      flash: { used: flash, bytes: code.bytes },
      ...(own ? { beside: { used: model.weights, bytes: weightsIn.bytes } } : {}),
      ram: { used: model.arena + board.stackBytes + shellRam(model.layers), bytes: ram.bytes },
      stack: board.stackBytes,
    };
    const problem = problemOf(fit);
    return problem ? { ...fit, problem } : fit;
  };
  const places = [code, ...board.weights.map((name) => memoryOf(board, name))].map(place);
  return places.find(({ problem }) => !problem) ?? places[0]!;
}

const over = (name: string, { used, bytes }: { used: number; bytes: number }): string[] =>
  used > bytes ? [`${used} B of ${name}, ${used - bytes} B more than available`] : [];

/** Whether the constants do not fit, next to the code or in a separate memory. */
export const shortOfFlash = ({ flash, beside }: Fit): boolean =>
  flash.used > flash.bytes || (beside !== undefined && beside.used > beside.bytes);

function problemOf({ flash, beside, ram }: Fit): string | undefined {
  const problems = [
    ...over('flash', flash),
    ...(beside ? over('memory for weights', beside) : []),
    ...over('RAM', ram),
  ];
  return problems.length ? `it needs ${problems.join(', and ')}` : undefined;
}
