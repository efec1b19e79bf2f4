import { type Board, type Memory, memoryOf } from './boards/index.js';

/** What a model takes on a device, in bytes, known before anything is compiled. */
export type ModelBytes = {
  /** Weights, and all other constants: thresholds, scales, pixel table, schedule. Exact. */
  weights: number;
  constants: number;
  /** RAM of tensors and working memory. Exact. */
  arena: number;
  /** Code, at most. */
  code: number;
  /** Layers, of each of which the shell takes notes. */
  layers: number;
};

/** What a program takes beside the model, at most: code and variables of the shell, without its notes. */
export const reserved = { code: 16 << 10, ram: 5 << 10 };

/** Bytes of RAM in which the shell notes what a layer did, and what the input was: struct note of shell/inference.h. */
export const NOTE_BYTES = 16;

/** Variables of the shell with a model of so many layers, at most. */
export const shellRam = (layers: number): number => reserved.ram + NOTE_BYTES * (layers + 1);

/** Most bytes that a function of a layer takes; layers of equal geometry share one. Measured: 600 to 980. */
export const FUNCTION_BYTES = 1280;

/** The same where every access is bounded. Measured: 1990 to 2730, as a mean of a net. */
export const CHECKED_FUNCTION_BYTES = 4096;

/** How a model lies on a board, in bytes; `problem` says what does not fit. */
export type Fit = {
  /** Where the constants go: all beside the code, or the weights in a memory of their own. */
  weightsIn: string;
  flash: { used: number; bytes: number };
  /** The weights' own memory, where they do not lie beside the code. */
  beside?: { used: number; bytes: number };
  ram: { used: number; bytes: number };
  stack: number;
  problem?: string;
};

/** RAM that a board leaves to the arena of a model of so many layers. */
export const ramFor = (board: Board, layers: number): number =>
  memoryOf(board, board.ram).bytes - board.stackBytes - shellRam(layers);

/** Places a model on a board. Weights stay beside the code where there is room. */
export function fitOn(board: Board, model: ModelBytes): Fit {
  const code = memoryOf(board, board.code);
  const ram = memoryOf(board, board.ram);
  const place = (weightsIn: Memory): Fit => {
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
  used > bytes ? [`${used} B of ${name}, ${used - bytes} B more than there are`] : [];

/** Whether constants find no room, beside the code or in a memory of their own. */
export const shortOfFlash = ({ flash, beside }: Fit): boolean =>
  flash.used > flash.bytes || (beside !== undefined && beside.used > beside.bytes);

function problemOf({ flash, beside, ram }: Fit): string | undefined {
  const problems = [
    ...over('flash', flash),
    ...(beside ? over('memory for weights', beside) : []),
    ...over('RAM', ram),
  ];
  return problems.length ? `it takes ${problems.join(', and ')}` : undefined;
}
