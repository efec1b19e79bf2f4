/**
 * What must not reach a terminal unescaped: control characters (C0, DEL, C1), format characters
 * (bidirectional controls, zero-width ones, tags), line separators, lone surrogates and everything that
 * Unicode lets a terminal ignore.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
const UNSEEN_ALL = new RegExp(UNSEEN, 'gu');
/** A joiner between two pictographs makes them one; a selector chooses its look. */
const EMOJI =
  /\p{Extended_Pictographic}\p{Emoji_Modifier}?\ufe0f?(?:\u200d\p{Extended_Pictographic}\p{Emoji_Modifier}?\ufe0f?)*/gu;
/** More marks than this on one letter spill over the lines above and below. */
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
 * Text for one line of a terminal: control and hidden characters are shown as escapes; letters of all
 * languages and emoji stay as they are. A text of more than `longest` characters keeps its start and its end.
 */
export function visible(text: string, longest = Number.POSITIVE_INFINITY): string {
  // Shorten first, so that a megabyte is not searched for emoji.
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

/** A file or device name within a line. */
export const printable = (text: string): string => visible(text, 80);

/** Most items of a list that one line shows. */
const SHOWN = 8;

/** The first few of a list, for one line. */
export const listed = (items: string[]): string =>
  items.slice(0, SHOWN).join(', ') + (items.length > SHOWN ? `, ... (${items.length})` : '');

function shortened(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const mark = '...';
  const end = Math.floor((longest - mark.length) / 4);
  const start = longest - mark.length - end;
  // Do not cut a surrogate pair in half.
  return `${text.slice(0, start).replace(/[\ud800-\udbff]$/, '')}${mark}${text.slice(text.length - end).replace(/^[\udc00-\udfff]/, '')}`;
}

/** JSON on one line, safe to print on a terminal: the same value, with more escapes. */
export const jsonText = (value: unknown): string =>
  JSON.stringify(value).replace(UNSEEN_ALL, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
