import { type Test, test } from 'uvu';

/**
 * Something that a test needs beyond Node and npm. `find` gives a falsy value where it is absent or does not
 * work; `install` is the line that installs it, or what it is.
 */
export type Need = { name: string; install: string; find: () => unknown };

const found = new Map<string, Promise<unknown>>();

/** What `find` of a need gives; each is looked for once in a process. */
export function find(need: Need): Promise<unknown> {
  const known = found.get(need.name) ?? Promise.resolve().then(() => need.find());
  found.set(need.name, known);
  return known;
}

/** What is missing of `needs`, with the lines that install it; undefined: nothing. */
async function missing(needs: Need[]): Promise<string | undefined> {
  const there = await Promise.all(needs.map(find));
  const absent = needs.filter((_, i) => !there[i]).map(({ name, install }) => `${name} (${install})`);
  return absent.length ? absent.join(', ') : undefined;
}

/** Whether all of `needs` are there. */
export const areThere = async (needs: Need[]): Promise<boolean> => !(await missing(needs));

/**
 * Whether all of `needs` are there, for a program that does `what` with them; prints what is skipped, and
 * why, where they are not.
 */
export async function allThere(what: string, needs: Need[]): Promise<boolean> {
  const absent = await missing(needs);
  if (absent) console.log(`skipped: ${what}: needs ${absent}`);
  return !absent;
}

/**
 * uvu's `test` where all of `needs` are there. Else what counts a test as skipped and prints why: the only
 * way in which tests are skipped.
 */
export async function testWith(needs: Need[], on: Test = test): Promise<(...test: Parameters<Test>) => void> {
  const absent = await missing(needs);
  if (!absent) return on;
  return (name) => {
    on.skip(name);
    console.log(`skipped: ${name}: needs ${absent}`);
  };
}
