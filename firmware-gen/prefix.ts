import { exitCode, SpikeletError } from '../models/error.js';
import { cWords } from '../models/text/c.js';

/** Default prefix of a library's names. */
export const DEFAULT_PREFIX = 'spikelet';

/** Names of a library after its prefix: those it defines, and those the program must define. */
const symbols = [
  ...['init', 'input', 'pixels', 'infer', 'classes', 'layer', 'layers', 'trace', 'trap'],
  ...['audio', 'sample', 'event', 'restart', 'front_end', 'front_end_start', 'front_end_tables'],
  ...['arena', 'model', 'nodes', 'pixel_table', 'steps', 'weights', 'weights_present'],
];
export const symbolsOf = (prefix: string): string[] => symbols.map((name) => `${prefix}_${name}`);

/** The API header. */
export const headerOf = (prefix: string): string => `${prefix}.h`;

/** Macros begin with the prefix in capitals. */
export const macroPrefix = (prefix: string): string => prefix.toUpperCase();

/**
 * Prefixes that would clash with existing headers, folders or functions: of C, C++ and Arduino, the shell, a
 * project, or Windows devices.
 */
const taken = new Set(
  (
    'assert complex ctype errno fenv inttypes iso646 limits locale math new setjmp signal stdarg stdatomic stdbool ' +
    'stddef stdint stdio stdlib stdnoreturn string strings time threads uchar unistd wchar wctype arduino wire ' +
    'an3155 board crc32 cycles inference lap link loader main mlperf note platform receive request requests slots ' +
    'softmax stack systick text trap build firmware linker makefile shell examples src ' +
    'aux con nul prn com1 com2 com3 com4 com5 com6 com7 com8 com9 lpt1 lpt2 lpt3 lpt4 lpt5 lpt6 lpt7 lpt8 lpt9'
  ).split(' '),
);
const LONGEST = 32;

/** Throws a usage SpikeletError if a prefix is not valid for C, files and folders. */
export function checkPrefix(prefix: string): string {
  const wrong = (why: string) =>
    new SpikeletError(`'${prefix.slice(0, LONGEST + 1)}' cannot be a prefix: ${why}`, {
      hint: "use lower-case letters, digits and single underscores, such as 'digits' or 'wake_word'",
      code: exitCode.usage,
    });
  if (prefix.length > LONGEST) throw wrong(`it is longer than ${LONGEST} characters`);
  // Only lower case, or macros and files of two prefixes could be the same; C++ reserves `__`.
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(prefix))
    throw wrong('a prefix is a lower-case C identifier without leading, trailing or double underscores');
  if (cWords.has(prefix)) throw wrong("it is a keyword of C or C++, or a compiler's macro");
  if (taken.has(prefix)) throw wrong('a header, file or function of that name already exists');
  return prefix;
}

/** Rewrites the shell's sources, which use `spikelet`, for a library with another prefix. */
export const withPrefix = (source: string, prefix: string): string =>
  prefix === DEFAULT_PREFIX
    ? source
    : source.replace(/\bspikelet(?=_\w|\.h")/g, prefix).replace(/\bSPIKELET(?=_\w)/g, macroPrefix(prefix));
