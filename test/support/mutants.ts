import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { visible } from '../../host/system/printable.js';
import { SpikeletError } from '../../models/index.js';
import { damaged, seedOf, spliced } from '../hostile/mutate.js';
import { seeded } from './random-graph.js';

/** Inputs of each kind; more with SPIKELET_SLOW=1. */
export const MUTANTS = process.env['SPIKELET_SLOW'] ? 2000 : 200;

/** What the process may grow by while it reads all mutants of small files. */
const MOST_GROWTH = 128 * 2 ** 20;

/**
 * A test that gives `read` the mutants of `originals`: each is a value or one SpikeletError with a hint, and
 * none takes memory that its bytes cannot hold.
 */
export function testMutants(
  kind: string,
  originals: Uint8Array[],
  read: (bytes: Uint8Array) => unknown,
  seed = Number(process.env['SPIKELET_SEED'] ?? 1),
): void {
  test(`${kind}: ${MUTANTS} mutants are a value or one error each`, async () => {
    const before = process.resourceUsage().maxRSS;
    let refused = 0;
    for (let i = 0; i < MUTANTS; i++) {
      const random = seeded(seedOf(seed, kind, i));
      const bytes =
        random() < 0.1 ? spliced(originals, random) : damaged(originals[i % originals.length]!, random);
      try {
        await read(bytes);
      } catch (error) {
        const what = `mutant ${i} of seed ${seed}`;
        if (!(error instanceof SpikeletError)) throw new Error(`${what}: ${(error as Error).stack}`);
        assert.ok(error.hint, `${what}: no hint: ${error.message}`);
        assert.ok(error.message.length < 500, `${what}: ${error.message.length} characters`);
        assert.is(visible(error.message), error.message, `${what}: it could control the terminal`);
        refused++;
      }
    }
    assert.ok(refused > 0, 'no mutant was refused');
    const grown = 1024 * (process.resourceUsage().maxRSS - before);
    assert.ok(grown < MOST_GROWTH, `${Math.round(grown / 2 ** 20)} MB more`);
  });
}

/** What `run` refuses; its message must fit `why`, and it must have a hint. */
export function refusedFor(why: RegExp, run: () => unknown): void {
  try {
    run();
  } catch (error) {
    assert.instance(error, SpikeletError, String((error as Error).stack));
    assert.match((error as SpikeletError).message, why);
    assert.ok((error as SpikeletError).hint, `no hint: ${(error as Error).message}`);
    return;
  }
  throw new Error(`nothing was refused for ${why}`);
}
