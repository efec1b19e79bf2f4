import { printable } from '../../system/printable.js';
import type { Refuse } from '../../system/refusal.js';

/** How a CSV file is written. `separator` ' ': any run of blanks. */
export type Layout = {
  separator: Separator;
  /** A comma in a number is its decimal mark. */
  decimalComma: boolean;
  /** Rows end in ';' and several may be on a line, as in WISDM. */
  semicolonEndsRow: boolean;
  header: boolean;
  columns: number;
};

export type Separator = ',' | ';' | '\t' | ' ';

const MAX_FIELD = 400;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const COMMA_NUMBER = /^[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?$/;
const MISSING = /^(?:|nan|null|na|n\/a)$/i;

/** What a cell holds. */
export type Kind = 'number' | 'text' | 'missing';
export const kindOf = (cell: string, decimalComma: boolean): Kind =>
  MISSING.test(cell)
    ? 'missing'
    : cell.length <= MAX_FIELD && (decimalComma ? COMMA_NUMBER : NUMBER).test(cell)
      ? 'number'
      : 'text';

/** What the user states; the rest is decided by the first lines. */
export type LayoutOptions = { separator?: Separator; header?: boolean };

/**
 * Decides how a file is written by its first line, and its header by the second too:
 * - a tab separates where there is one, else a semicolon, else a comma, else blanks; the first of these that
 *   gives both lines have as many cells;
 * - where a semicolon or a tab separates, a comma in a number is decimal;
 * - where a line is pieces of at least two commas each, all of as many, with a semicolon behind each,
 *   semicolons end rows;
 * - the first line is a header where it holds no number, or where it has text in a column that holds numbers
 *   in the second.
 * What could be read in two ways is refused.
 */
export function decideLayout(lines: string[], options: LayoutOptions, refuse: Refuse): Layout {
  const [first = '', second] = lines;
  const semicolonEndsRow = endsRows(outsideQuotes(first), options.separator, refuse);
  const separator = options.separator ?? (semicolonEndsRow ? ',' : separatorOf(first, second));
  const layout: Layout = {
    separator,
    decimalComma: separator === ';' || separator === '\t',
    semicolonEndsRow,
    header: false,
    columns: 0,
  };
  const rows = lines.flatMap((line) => splitLine(line, layout));
  const [head = [], next] = rows;
  const header = options.header ?? isHeader(head, next, layout.decimalComma, refuse);
  // A separator behind the last cell of every row.
  const trailing =
    head.length > 1 && head.at(-1) === '' && (!next || next.length < head.length || next.at(-1) === '');
  return { ...layout, header, columns: head.length - (trailing ? 1 : 0) };
}

const SEPARATORS: Separator[] = ['\t', ';', ','];

const outsideQuotes = (line: string): string =>
  line
    .split('"')
    .filter((_, i) => i % 2 === 0)
    .join('');

function separatorOf(first: string, second: string | undefined): Separator {
  const used = SEPARATORS.filter((one) => outsideQuotes(first).includes(one));
  const cells = (line: string, one: Separator) => cellsOf(line, one).length;
  const even = second === undefined ? [] : used.filter((one) => cells(first, one) === cells(second, one));
  return even[0] ?? used[0] ?? ' ';
}

/** Whether semicolons end rows whose cells are separated by commas. */
function endsRows(line: string, stated: Separator | undefined, refuse: Refuse): boolean {
  if ((stated ?? ',') !== ',' || !/;\s{0,9}$/.test(line) || line.includes('\t')) return false;
  const pieces = line.split(';').slice(0, -1);
  const commas = pieces.map((piece) => piece.split(',').length - 1);
  if (commas.some((count) => count !== commas[0])) return false;
  if (commas[0]! >= (stated ? 1 : 2)) return true;
  if (commas[0] === 1 && pieces.length === 1)
    refuse(
      `its first line, '${printable(line.trim())}', is two cells and the end of a row, or one with a decimal comma`,
      "say which: separator=',' or separator=';'",
    );
  return false;
}

function isHeader(
  head: string[],
  next: string[] | undefined,
  decimalComma: boolean,
  refuse: Refuse,
): boolean {
  const kinds = head.map((cell) => kindOf(cell, decimalComma));
  if (!kinds.includes('text')) return false;
  if (!kinds.includes('number')) return true;
  if (!next) return false;
  const below = next.map((cell) => kindOf(cell, decimalComma));
  const named = kinds.some((kind, i) => kind === 'text' && below[i] === 'number');
  const opposite = kinds.some((kind, i) => kind === 'number' && below[i] === 'text');
  if (named && opposite)
    refuse('its first line could be a header or a row', 'say which: header=yes or header=no');
  return named;
}

/** The cells of a line, trimmed and without their quotes; several rows where semicolons end them. */
export function splitLine(line: string, { separator, semicolonEndsRow }: Layout): string[][] {
  if (!semicolonEndsRow) return [cellsOf(line, separator).map(unquoted)];
  return cellsOf(line, ';')
    .filter((row) => row.trim() !== '')
    .map((row) => cellsOf(row, ',').map(unquoted));
}

const unquoted = (cell: string): string => {
  const text = cell.trim();
  return text.length > 1 && text.startsWith('"') && text.endsWith('"')
    ? text.slice(1, -1).replaceAll('""', '"')
    : text;
};

/** Cells with their quotes; a separator within quotes separates nothing. */
function cellsOf(line: string, separator: Separator): string[] {
  if (separator === ' ') return blankCells(line.trim());
  if (!line.includes('"')) return line.split(separator);
  const cells: string[] = [];
  let from = 0;
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    if (line[i] === '"') quoted = !quoted;
    else if (line[i] === separator && !quoted) {
      cells.push(line.slice(from, i));
      from = i + 1;
    }
  }
  cells.push(line.slice(from));
  return cells;
}

function blankCells(line: string): string[] {
  if (!line.includes('"')) return line.split(/\s+/);
  const tabbed = line.split('"').map((part, i) => (i % 2 ? part : part.replaceAll(/\s+/g, '\t')));
  return cellsOf(tabbed.join('"'), '\t');
}

/** Whether a text's first lines look like a table of numbers: its second line, or its only one, is mostly of them. */
export function looksLikeCsv(text: string): boolean {
  const lines = text
    .split(/\r\n|\r|\n/)
    .filter((line) => line.trim() && !line.startsWith('#'))
    .slice(0, 2);
  const line = lines.at(-1) ?? '';
  if (line.length > 100_000) return false;
  const separator = separatorOf(line, undefined);
  const cells = cellsOf(line, separator).map(unquoted);
  const numbers = cells.filter((cell) => kindOf(cell, separator !== ',') === 'number').length;
  return numbers >= 1 && 2 * numbers >= cells.length;
}
