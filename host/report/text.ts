/** Numbers and tables for people. Pure. */

export const percent = (fraction: number, digits = 1): string => `${(100 * fraction).toFixed(digits)} %`;

export const bytes = (count: number): string =>
  count < 1024
    ? `${count} B`
    : count < 1024 * 1024
      ? `${(count / 1024).toFixed(1)} KiB`
      : `${(count / 1024 / 1024).toFixed(2)} MiB`;

/** 1234567 as 1.23 M. */
export const quantity = (count: number): string =>
  count < 10_000
    ? String(count)
    : count < 1e6
      ? `${(count / 1e3).toFixed(1)} k`
      : `${(count / 1e6).toFixed(2)} M`;

export const duration = (seconds: number): string => {
  const s = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(s / 60);
  return minutes >= 60
    ? `${Math.floor(minutes / 60)} h ${minutes % 60} min`
    : minutes
      ? `${minutes} min ${String(s % 60).padStart(2, '0')} s`
      : `${s} s`;
};

/**
 * `rank`: if a table is too wide, columns of the highest rank are dropped first; columns without a rank stay.
 */
export type Column = { title: string; right?: boolean; rank?: number };

/** The parts of a report: a line, a title, a table. */
export type Part = string | { title: string } | { columns: Column[]; rows: string[][] };

/** Terminal columns that a text takes: two for each wide character, none for a combining mark. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

const segmenter = new Intl.Segmenter();
/** East Asian wide and emoji, as terminals draw them. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|^\p{Emoji_Presentation}|^\p{Extended_Pictographic}\ufe0f/u;

/** A text shortened to its start and end, in at most `width` columns. */
export function fitted(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  const segments = [...segmenter.segment(text)].map(({ segment }) => segment);
  const end = segments.splice(Math.ceil(segments.length / 2));
  while (segments.length + end.length && displayWidth(segments.join('') + end.join('')) > width - 2)
    if (segments.length > end.length) segments.pop();
    else end.shift();
  return `${segments.join('')}..${end.join('')}`;
}

/** Minimum width of a text column; most layer names fit. */
const NARROW = 20;

/** Wraps a text into lines of at most `width` columns, at spaces if possible. */
function folded(text: string, width: number): string[] {
  if (displayWidth(text) <= width) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((each) => broken(each, width))) {
    const longer = line && `${line} ${word}`;
    if (longer && displayWidth(longer) <= width) line = longer;
    else {
      if (line) lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

/** Splits a word into pieces of at most `width` columns. */
function broken(word: string, width: number): string[] {
  const pieces = [''];
  for (const { segment } of segmenter.segment(word))
    if (displayWidth(pieces.at(-1)! + segment) <= width) pieces[pieces.length - 1] += segment;
    else pieces.push(segment);
  return pieces;
}

export type Table = {
  lines: string[];
  /** Titles of the columns that were dropped. */
  left: string[];
};

/**
 * Lines of a table; number columns are right-aligned. If it is wider than `width`, columns with a rank are
 * dropped, the highest first, then the widest text columns are wrapped.
 */
export function fittedTable(all: Column[], allRows: string[][], width: number): Table {
  const natural = all.map(({ title }, i) =>
    allRows.reduce((most, row) => Math.max(most, displayWidth(row[i]!)), displayWidth(title)),
  );
  const shown = new Set(all.keys());
  const narrowest = (i: number) => (all[i]!.right ? natural[i]! : Math.min(natural[i]!, NARROW));
  const least = () => [...shown].reduce((sum, i) => sum + narrowest(i) + 2, -2);
  const byRank = [...all.keys()]
    .filter((i) => all[i]!.rank !== undefined)
    .sort((a, b) => all[b]!.rank! - all[a]!.rank!);
  for (const i of byRank) if (least() > width) shown.delete(i);
  const order = [...shown];
  const widths = order.map((i) => natural[i]!);
  for (let over = widths.reduce((sum, w) => sum + w + 2, -2) - width; over > 0; over--) {
    const words = order.map((i, k) => (widths[k]! > narrowest(i) ? widths[k]! : 0));
    const widest = Math.max(...words);
    if (!widest) break;
    widths[words.indexOf(widest)]!--;
  }
  const lineOf = (cells: string[]) =>
    cells
      .map((cell, k) => {
        const space = ' '.repeat(Math.max(0, widths[k]! - displayWidth(cell)));
        return all[order[k]!]!.right ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd();
  const linesOf = (row: string[]) => {
    const cells = order.map((i, k) => folded(row[i]!, widths[k]!));
    const height = Math.max(...cells.map((lines) => lines.length));
    return Array.from({ length: height }, (_, at) => lineOf(cells.map((lines) => lines[at] ?? '')));
  };
  return {
    lines: [
      ...linesOf(all.map(({ title }) => title)),
      widths.map((w) => '-'.repeat(w)).join('  '),
      ...allRows.flatMap(linesOf),
    ],
    left: all.flatMap(({ title }, i) => (shown.has(i) ? [] : [title])),
  };
}

/** Lines of a table with all its columns. */
export const table = (columns: Column[], rows: string[][]): string[] =>
  fittedTable(columns, rows, Number.POSITIVE_INFINITY).lines;
