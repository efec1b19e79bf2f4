import { ascii } from './ascii.js';
import { SpikeletError } from './error.js';

/**
 * Limits on running a network. A file of a few KB can declare maps of many GB, so the memory and time that a
 * run may use grow with the weights: a small file gets little, a large network with large images gets what it
 * needs.
 */
const BASE_BYTES = 2 ** 28;
const BYTES_PER_WEIGHT_BYTE = 64;
const BASE_MACS = 2 ** 34;
const MACS_PER_WEIGHT = 2 ** 18;

/** One node of a run: the value it computes, those it reads, bytes of the value and of its working memory. */
export type Use = { output: string; inputs: readonly string[]; bytes: number; working: number };

/**
 * For each node, the values that nothing reads after it. The last node's output is kept; other outputs
 * without a reader are not.
 */
export function lastReads(uses: readonly Use[]): string[][] {
  const reader = new Map<string, number>();
  uses.forEach(({ output, inputs }, i) => {
    for (const name of inputs) reader.set(name, i);
    reader.set(output, i);
  });
  const freed: string[][] = uses.map(() => []);
  for (const [name, i] of reader) if (name !== uses.at(-1)?.output) freed[i]!.push(name);
  return freed;
}

/** Most bytes alive at once, and the value during whose computation they are. */
function peakOf(uses: readonly Use[], input: number): { bytes: number; at: string } {
  const size = new Map([['input', input], ...uses.map(({ output, bytes }) => [output, bytes] as const)]);
  let [alive, peak] = [input, { bytes: input, at: 'input' }];
  lastReads(uses).forEach((freed, i) => {
    const { output, bytes, working } = uses[i]!;
    alive += bytes;
    if (alive + working > peak.bytes) peak = { bytes: alive + working, at: output };
    for (const name of freed) alive -= size.get(name) ?? 0;
  });
  return peak;
}

/** Throws if `bytes` are more than a network with `weightBytes` of weights may hold. */
export function requireBytes(
  what: string,
  bytes: number,
  { weightBytes, copies = 1, hint }: { weightBytes: number; copies?: number; hint: string },
): void {
  const most = BASE_BYTES + BYTES_PER_WEIGHT_BYTE * weightBytes + 2 ** 20 * (copies - 1);
  if (bytes > most)
    throw new SpikeletError(
      `${what} would hold ${bytes} bytes at once; with ${weightBytes} bytes of weights, at most ${most} are allowed`,
      { hint },
    );
}

/**
 * Throws, before anything is allocated, if a run would hold or compute more than is allowed for its bytes of
 * weights. `copies`: images whose values are held at the same time; each may take a MiB more.
 */
export function requireAffordable(
  what: string,
  uses: readonly Use[],
  {
    input,
    weightBytes,
    macs,
    copies = 1,
  }: { input: number; weightBytes: number; macs: number; copies?: number },
): void {
  const { bytes, at } = peakOf(uses, input);
  const where = `'${ascii(at)}'${copies > 1 ? ` for ${copies} images` : ''}`;
  const hint = copies > 1 ? 'use fewer or smaller images' : 'use smaller images';
  requireBytes(`${what}, ${where},`, bytes * copies, { weightBytes, copies, hint });
  const mayTake = BASE_MACS + MACS_PER_WEIGHT * weightBytes;
  if (macs > mayTake)
    throw new SpikeletError(
      `${what} would take ${macs} multiply-accumulates per image; with ${weightBytes} bytes of weights, at most ${mayTake} are allowed`,
      { hint: 'use smaller images' },
    );
}
