import { ascii } from './ascii.js';
import { SpikeletError } from './error.js';

/**
 * Tables keyed by op: `{ [O in Op]: Entry<...> }`, so that an op without an entry does not compile. Only this
 * file looks into them.
 */

/** The entry for a node's op; throws for an unknown op. `where`: what does not know it. */
export function entryOf<E>(table: object, { op, name }: { op: string; name: string }, where: string): E {
  if (Object.hasOwn(table, op)) return (table as Record<string, E>)[op]!;
  throw new SpikeletError(
    `${where} does not know the op '${ascii(String(op))}' of '${ascii(String(name))}'`,
    { hint: 'was it made by a newer spikelet? npm install spikelet@latest' },
  );
}

/** The entry for an op that a backend cannot do: why, and what the user can do instead. */
export type Refusal = { refused: string; hint: string };

export const refuse = (why: string, whatToDo: string): Refusal => ({ refused: why, hint: whatToDo });

/** What a backend does for a node; where it refuses the op, throws a SpikeletError that begins with `cannot`. */
export function doneBy<E extends object>(
  entry: E | Refusal,
  node: { op: string; name: string },
  cannot: string,
): E {
  if (!('refused' in entry)) return entry;
  throw new SpikeletError(`${cannot} '${ascii(node.name)}' (${entry.refused})`, {
    hint: entry.hint,
  });
}
