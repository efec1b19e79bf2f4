import { isPrintable } from '../../models/schema-parts.js';

/** Texts that a file may have as a name: every character, and what languages stumble over. */
const characters = Array.from({ length: 0x180 }, (_, code) => String.fromCodePoint(code));

const nasty = [
  ...['a/*b', 'a*/b', '*/', '/*/', '/', '*', '//', '/**/int x;', '*\\/', '/\\*', '\\', '\\\\', 'a\\', 'a\\ '],
  ...[
    'a??/',
    'a??/??/',
    '???/',
    '??/"',
    '?\\?/',
    '<: :> <% %>',
    '%:',
    '??<',
    "'",
    '"',
    '"; int x; //',
    "');--",
  ],
  ...[
    '\\x41f',
    '\\101',
    '\\u0041',
    '\u00e9abc',
    '\u00e9101',
    '\x001',
    'a\nb',
    'a\r\nb',
    'a\u2028b',
    'a\u2029b',
    '\t',
  ],
  ...[
    '$(shell touch x)',
    '$(error x)',
    '$@ $< $$',
    '`touch x`',
    '#',
    '# a',
    '%',
    '%s%n',
    'a b',
    ' ',
    '',
    '  a  ',
  ],
  ...[
    '`define x',
    '`include "x"',
    '`',
    '$finish',
    '(* keep *)',
    'verilator lint_off WIDTH',
    'synthesis translate_off',
  ],
  ...[
    'verilator public',
    'synopsys translate_off',
    ' pragma protect begin',
    "'verilator lint_off x'",
    'Verilator x',
  ],
  ...[
    '<script>alert(1)</script>',
    '</title>',
    ']]>',
    '<!--',
    '-->',
    '&amp;',
    '&',
    '&#0;',
    '\'"><x onload=y>',
  ],
  ...['../x', '/etc/passwd', 'a/b', 'C:\\x', 'CON', 'nul.txt', '.', '..', '-o', '--', '~', '*.c'],
  ...[
    'int',
    'class',
    'for',
    'bool',
    'true',
    'linux',
    'unix',
    'module',
    'reg',
    'endmodule',
    'input',
    '_',
    '__x',
    '1x1',
  ],
  ...['```', '``a``', '[a](b)', '![a](http://b)', '# h', '| a |', '---', '@a', '&#x41;'],
  ...['\u202eabc', '\u2066a', '\ufeff', '\ufffe', '\ud800', '\u{1f600}', '\u72d7', 'B\u00e4ume', 'e\u0301'],
  ...['a'.repeat(200), '\\'.repeat(99), '?'.repeat(99), '"'.repeat(99)],
];

export const names: string[] = [...characters, ...nasty];

/** Those that a Graph's file may hold: without control characters and the like, 1 to 200 characters. */
export const namesOfFiles: string[] = names.filter(
  (name) => name.length > 0 && name.length <= 200 && !(name in Object.prototype) && isPrintable(name),
);
