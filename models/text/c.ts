import { ascii } from '../ascii.js';
import { uniqueNames } from './unique.js';

/**
 * Text from files in C and C++. Names in a file can be any text; what these functions return is safe in its
 * place, in every standard of C and C++, with trigraphs and without.
 */

/**
 * For a comment, block or line: it neither ends the comment nor begins another, and no line continues on the
 * next.
 */
export const cComment = (text: string): string =>
  ascii(text)
    // A backslash at the end of a line joins the next; so does the trigraph for it.
    .replace(/\\/g, '|')
    .replace(/\*(?=\/)|\/(?=\*)|\?(?=\?)/g, '$& ');

/**
 * Bytes that a string literal spells otherwise: question marks could be a trigraph's, and octal ends after
 * three digits.
 */
const spelled = (byte: number): string => {
  const letter = String.fromCharCode(byte);
  if (letter === '"' || letter === '\\' || letter === '?' || letter === "'") return `\\${letter}`;
  return byte >= 0x20 && byte <= 0x7e ? letter : `\\${byte.toString(8).padStart(3, '0')}`;
};

/** A string literal with its quotes, which holds the text in UTF-8. */
export const cString = (text: string): string =>
  `"${Array.from(new TextEncoder().encode(text), spelled).join('')}"`;

/** The characters of printable text as a list of constants: `'a', 'b'`. */
export const cCharacters = (text: string): string =>
  [...ascii(text)].map((letter) => `'${spelled(letter.charCodeAt(0))}'`).join(', ');

/**
 * Words that mean something to a compiler of C (to C23) or C++ (to C++20), or that compilers define as
 * macros.
 */
const words =
  'alignas alignof and and_eq asm atomic auto bitand bitor bool break case catch char char16_t char32_t char8_t class ' +
  'co_await co_return co_yield compl concept const const_cast consteval constexpr constinit continue decltype default ' +
  'delete do double dynamic_cast else enum explicit export extern false float for friend goto if import inline int long ' +
  'module mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public register ' +
  'reinterpret_cast requires restrict return short signed sizeof static static_assert static_cast struct switch template ' +
  'this thread_local throw true try typedef typeid typename typeof typeof_unqual union unsigned using virtual void ' +
  'volatile wchar_t while xor xor_eq arm i386 linux mips near far riscv sparc unix vax xtensa';
export const cWords: ReadonlySet<string> = new Set(words.split(' '));

/** Any name as an identifier in snake case: `Node#get:xRows` is `node_get_x_rows`. */
export function cIdentifier(name: string): string {
  const snake = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return /^[a-z]/.test(snake) ? snake : `v${snake}`;
}

/** Gives each name a unique identifier that is not in `used`. */
export function cIdentifiers(names: string[], used: Iterable<string> = []): string[] {
  return names.map(uniqueNames(cIdentifier, [...cWords, ...used]));
}
