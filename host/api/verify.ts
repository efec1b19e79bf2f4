import type { Graph } from '../../models/index.js';
import { requireFor, settled, type TargetName, targetOf, type targets } from '../targets/index.js';
import type { VerifyHooks } from '../targets/target.js';
import { type Images, imagesFor } from './images.js';

type Targets = typeof targets;

/** How many of the images are run. */
type Count = { count?: number | undefined };

/** Options of `verify`, by target. */
export type VerifyOptions = { [T in TargetName]: Count & Parameters<Targets[T]['verify']>[2] };

/** What `verify` finds, by target. */
export type Verifications = { [T in TargetName]: Awaited<ReturnType<Targets[T]['verify']>> };

/** Test images that are run where nobody says how many. */
const USUAL = 100;

/**
 * Runs images through a backend and through the reference interpreter, and compares every tensor's CRC-32 (of
 * a board with an FPGA: logits and spike counts). There is no tolerance.
 * @param target What is compared: `wasm`, built now or `options.build`; `firmware`, on `options.board` at a
 * port or in its
 *   emulator; `verilog`, in a simulator, or on `options.board`.
 * @param images A dataset, whose first `options.count` test images are run (default 100), or i8 pixels.
 * @returns How many samples are equal, the first difference, and the accuracy of both where there are labels.
 * @throws SpikeletError where tools, boards (code 3) or options (code 2) are missing or wrong. A difference
 * does not throw.
 */
export async function verify<T extends TargetName>(
  graph: Graph,
  target: T,
  images: Images,
  options: VerifyOptions[T] = {},
  hooks: VerifyHooks = {},
): Promise<Verifications[T]> {
  const { count = USUAL, ...own } = options;
  const { pixels, labels } = imagesFor(graph, images, count);
  const given = settled(target, 'verify', own);
  await requireFor(target, 'verify', given);
  const result = await targetOf(target).verify(graph, pixels, given, { labels, ...hooks });
  return result as Verifications[T];
}

/** Throws now where `verify` would for its options or for tools that are missing. */
export const requireVerify = <T extends TargetName>(target: T, options: VerifyOptions[T]): Promise<void> => {
  const { count: _, ...own } = options;
  return requireFor(target, 'verify', settled(target, 'verify', own));
};
