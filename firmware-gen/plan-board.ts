import { type Graph, NoPlanFits, type Planner, planner, SpikeletError } from '../models/index.js';
import { kernels } from '../wasm/layers.js';
import { type ModelOptions, type PlannedModel, planModel } from '../wasm/plan-model.js';
import { type Board, boards } from './boards/index.js';
import { type Fit, fitOn, type ModelBytes, ramFor, shortOfFlash } from './fits.js';
import { modelBytes, weightsRead } from './footprint.js';

/** A model planned for a board, and how it fits. */
export type Placed = {
  planned: PlannedModel;
  model: ModelBytes;
  fit: Fit;
  /** Bytes of weights that one inference reads; undefined: the graph was not calibrated. */
  weightsRead: number | undefined;
};

/** `checked`: for a build with bounds checks. */
export type PlaceOptions = Pick<ModelOptions, 'ram' | 'time'> & { checked?: boolean };

/**
 * The fastest plan of a graph that fits the board's RAM, or `options`. If the model does not fit,
 * `fit.problem` says why. Throws a SpikeletError if no plan needs so little RAM.
 */
export function placeOn(
  board: Board,
  graph: Graph,
  options: PlaceOptions = {},
  plan: Planner = planner(graph, kernels),
): Placed {
  const { checked, ...budgets } = options;
  const budget =
    budgets.ram === undefined && budgets.time === undefined
      ? { ram: ramFor(board, graph.nodes.length) }
      : budgets;
  const planned = planModel(graph, { ...budget, tier: 'swar' }, plan);
  const model = modelBytes(planned, checked);
  return { planned, model, fit: fitOn(board, model), weightsRead: weightsRead(planned) };
}

/**
 * placeOn for one board after the other: what the search for plans has in common, which takes seconds for large images, is
 * done once and not for each board.
 */
export function placer(graph: Graph, options: Pick<PlaceOptions, 'checked'> = {}): (board: Board) => Placed {
  const plan = planner(graph, kernels);
  let smallest = 0;
  return (board) => {
    const ram = ramFor(board, graph.nodes.length);
    if (ram < smallest) throw new NoPlanFits(graph, ram, smallest);
    try {
      return placeOn(board, graph, options, plan);
    } catch (error) {
      if (error instanceof NoPlanFits) ({ smallest } = error);
      throw error;
    }
  };
}

/** Like placeOn, but throws a SpikeletError if it does not fit, saying what would. */
export function requirePlace(board: Board, graph: Graph, options: PlaceOptions = {}): Placed {
  let reason: string;
  let flash = false;
  try {
    const placed = placeOn(board, graph, options);
    if (!placed.fit.problem) return placed;
    reason = placed.fit.problem;
    flash = shortOfFlash(placed.fit);
  } catch (error) {
    if (!(error instanceof SpikeletError)) throw error;
    const budget = options.ram === undefined ? 'stack and program leave ' : '--ram allows ';
    reason = error.message.replace(`graph '${graph.name}' does not fit in `, budget);
  }
  throw new SpikeletError(`graph '${graph.name}' does not fit on ${board.name}: ${reason}`, {
    hint: advice(board, graph, options.checked ?? false) + (flash ? aboutBits : ''),
  });
}

/** Finds what would fit, by planning: this board with less RAM, or other boards. */
function advice(board: Board, graph: Graph, checked: boolean): string {
  const place = placer(graph, { checked });
  const fits = (candidate: Board): boolean => {
    try {
      return !place(candidate).fit.problem;
    } catch (error) {
      if (error instanceof SpikeletError) return false;
      throw error;
    }
  };
  if (fits(board))
    return `it fits without --time, and with --ram ${ramFor(board, graph.nodes.length)} or without --ram`;
  const others = boards.filter((candidate) => candidate !== board && fits(candidate));
  return others.length
    ? `it fits on ${others.map(({ name }) => name).join(', ')}`
    : 'it does not fit on any board: make a smaller network';
}

const aboutBits = '; fewer --bits would not help, since each weight takes a byte on a device';
