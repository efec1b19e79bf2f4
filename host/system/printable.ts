/**
 * What must not reach a terminal as it is: control characters (C0, DEL, C1), format characters (bidirectional controls,
 * zero-width ones, tags), separators of lines, lone surrogates and all that Unicode lets a terminal leave out.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
const UNSEEN_ALL = new RegExp(UNSEEN, 'gu');
/** Between two pictures a joiner makes one of them, and a selector chooses its look. */
const EMOJI =
  /\p{Extended_Pictographic}\p{Emoji_Modifier}?\ufe0f?(?:\u200d\p{Extended_Pictographic}\p{Emoji_Modifier}?\ufe0f?)*/gu;
/** More marks on one letter grow over the lines above and below. */
const STACKED = /(\p{M}{4})(\p{M}+)/u;
const STACKED_ALL = new RegExp(STACKED, 'gu');

const names: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const escaped = (text: string): string =>
  text.replace(UNSEEN_ALL, (character) => {
    const code = character.codePointAt(0)!;
    const hex = code.toString(16);
    return (
      names[character] ??
      (code < 256
        ? `\\x${hex.padStart(2, '0')}`
        : code < 65536
          ? `\\u${hex.padStart(4, '0')}`
          : `\\u{${hex}}`)
    );
  });

/**
 * A text for one line of a terminal: what could control it, or hides, is shown as an escape; letters of all languages
 * and emoji stay as they are. A text of more than `longest` characters keeps its start and its end.
 */
export function visible(text: string, longest = Number.POSITIVE_INFINITY): string {
  // Only so much of it can be shown: a megabyte is not searched for emoji.
  const short = shortened(text, longest);
  if (!UNSEEN.test(short) && !STACKED.test(short)) return short;
  let shown = '';
  let at = 0;
  for (const emoji of short.matchAll(EMOJI)) {
    shown += escaped(short.slice(at, emoji.index)) + emoji[0];
    at = emoji.index + emoji[0].length;
  }
  shown += escaped(short.slice(at));
  return shortened(
    shown.replace(STACKED_ALL, (_, few: string, more: string) => few + '?'.repeat([...more].length)),
    longest,
  );
}

/** A name of a file or a device within a line. */
export const printable = (text: string): string => visible(text, 80);

/** Most items of a list in one line. */
const SHOWN = 8;

/** The first few of a list, for one line. */
export const listed = (items: string[]): string =>
  items.slice(0, SHOWN).join(', ') + (items.length > SHOWN ? `, ... (${items.length})` : '');

function shortened(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const mark = '...';
  const end = Math.floor((longest - mark.length) / 4);
  const start = longest - mark.length - end;
  // No half of a character.
  return `${text.slice(0, start).replace(/[\ud800-\udbff]$/, '')}${mark}${text.slice(text.length - end).replace(/^[\udc00-\udfff]/, '')}`;
}

/** JSON of one line that controls no terminal: the same value, in other escapes. */
export const jsonText = (value: unknown): string =>
  JSON.stringify(value).replace(UNSEEN_ALL, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
