import { ascii } from '../../models/ascii.js';

/** Words that C, or the printed files themselves, use. */
const taken = new Set(
  (
    'auto break case char const continue default do double else enum extern float for goto if inline int long ' +
    'register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while ' +
    'arena main u8 u16 u32 i8 i16 i32 memcpy memset memmove memcmp'
  ).split(' '),
);

/** Any name as a C identifier in snake case: `Node#get:xRows` is `node_get_x_rows`. */
export function identifier(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return /^[a-z]/.test(words) ? words : `v${words}`;
}

/** Gives each name an identifier of its own. */
export function uniqueIdentifiers(names: string[], used: ReadonlySet<string> = taken): string[] {
  const given = new Set(used);
  return names.map((name) => {
    const wanted = identifier(name);
    let unique = wanted;
    for (let n = 2; given.has(unique); n++) unique = `${wanted}_${n}`;
    given.add(unique);
    return unique;
  });
}

/** `assembly/ends/fireRun<i16,i16>` is `fireRun<i16,i16>`: files are not part of names in C. */
export const withoutFolder = (name: string): string => name.replace(/^[\w~-]+(\/[\w~-]+)*\//, '');

/** `left|12`, the thirteenth value that was called `left`, is `left`. */
export const withoutNumber = (name: string): string => name.replace(/\|\d+$/, '');

/** Text for a comment: names come from files, so nothing else of them may reach the source. */
export const commentText = (text: string): string => ascii(text.replace(/\*\//g, '* /'));
