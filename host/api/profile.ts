import type { Graph } from '../../models/index.js';
import type { Profile } from '../run/profile.js';
import { usageError } from '../system/usage.js';
import {
  profiled,
  requireFor,
  settled,
  type TargetName,
  targetNames,
  targetOf,
  targetOfBoard,
  type targets,
} from '../targets/index.js';
import type { ImageHooks } from '../targets/target.js';
import { type Images, imagesFor } from './images.js';

type Targets = typeof targets;
type Profiled = { [T in TargetName]: Targets[T] extends { profile: unknown } ? T : never }[TargetName];

/** Options of `profile`: of every target that has a profiler, and how many of the images are run. */
export type ProfileOptions = { count?: number | undefined } & {
  [T in Profiled]: Parameters<Targets[T]['profile']>[2];
}[Profiled];

/** Test images that are run where nobody says how many. */
const USUAL = 10;

/**
 * Measures what an inference costs on a board, layer by layer: instructions, cycles or microseconds, spikes,
 * synaptic operations, bytes of weights. Means of one inference.
 * @param images A dataset, whose first `options.count` test images are run (default 10), or i8 pixels.
 * @param options `board`: a name of `boards` or `fpgaBoards`; `port`: its serial port, without which it is
 * emulated or
 *   simulated.
 * @throws SpikeletError where there is no such board (code 2) or it is silent (code 3).
 */
export async function profile(
  graph: Graph,
  images: Images,
  options: ProfileOptions = {},
  hooks: ImageHooks = {},
): Promise<Profile> {
  const { count = USUAL, ...own } = options;
  const target = profilerFor(own.board);
  const given = settled(target, 'profile', own);
  await requireFor(target, 'profile', given);
  return targetOf(target).profile!(graph, imagesFor(graph, images, count).pixels, given, hooks);
}

/**
 * The target that profiles a board; the first that has a profiler where none is named. Throws with the names
 * there are.
 */
export function profilerFor(board: string | undefined): TargetName {
  if (board === undefined) return profiled[0]!;
  const found = targetOfBoard(board);
  if (found) return found;
  throw noBoard(board);
}

/** Throws now where `profile` would for its options or for packages that are missing. */
export async function requireProfile({ count: _, ...own }: ProfileOptions): Promise<void> {
  const target = profilerFor(own.board);
  await requireFor(target, 'profile', settled(target, 'profile', own));
}

/** Boards by the targets that build for them, for an error. */
function noBoard(name: string) {
  const lists = targetNames.flatMap((target) => {
    const names = targetOf(target).boards.map((board) => board.name);
    return names.length ? [`${target}: ${names.join(', ')}`] : [];
  });
  return usageError(`there is no board '${name}'`, `boards for ${lists.join('; for ')}`);
}
