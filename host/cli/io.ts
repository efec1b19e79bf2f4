import { randomBytes } from 'node:crypto';
import picocolors from 'picocolors';
import { type Progress, progressBar } from '../report/progress.js';
import { type Column, fittedTable, type Part } from '../report/text.js';
import { jsonText, visible } from '../system/printable.js';

/**
 * What a verb may do with the terminal: results on stdout, everything on the way on stderr.
 * With --json nothing but JSON reaches stdout. All text may hold names of strangers' files and devices: this is the one
 * place that makes it printable, so that it can neither control the terminal nor pretend to be a line of spikelet's.
 */
export type Io = {
  json: boolean;
  /** Columns of a line for people; infinite where nothing limits them. */
  width: number;
  /** One line of the result, for people. */
  print(line?: string): void;
  table(columns: Column[], rows: string[][]): void;
  /** One line of JSON, with --json. */
  emit(value: unknown): void;
  /** One line on the way. */
  note(line: string): void;
  progress(label: string): Progress;
  bold(text: string): string;
  dim(text: string): string;
};

/** Longest line; longer ones keep their start and end. */
const LONGEST = 4000;
/** Longest cell of a table. */
const LONGEST_CELL = 100;
/** Most lines of details of an error. */
const MOST_DETAILS = 40;

/** Begins a code of ours within a line; nobody else's text can hold it. */
const MARK = `\x1b${randomBytes(12).toString('hex')};`;
const styled = (on: number, off: number) => (text: string) => `${MARK}[${on}m${text}${MARK}[${off}m`;

/** Whether a stream leads to a terminal that is said to show other letters than ASCII's. */
function takesUnicode({ isTTY }: NodeJS.WriteStream): boolean {
  const { LC_ALL, LC_CTYPE, LANG } = process.env;
  const locale = LC_ALL || LC_CTYPE || LANG || '';
  return !isTTY || process.platform === 'win32' || locale === '' || /utf-?8/i.test(locale);
}

/** A line as `stream` may get it. */
export function lineFor(stream: NodeJS.WriteStream, text: string): string {
  const [first = '', ...rest] = text.split(MARK);
  const shown = (part: string) => {
    const plain = visible(part, LONGEST);
    return takesUnicode(stream)
      ? plain
      : plain.replace(/[^\x20-\x7e]/gu, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`);
  };
  return (
    shown(first) +
    rest
      .map((part) => {
        const [, code = '', after = ''] = /^(\[\d+m)(.*)$/s.exec(part) ?? [];
        return `\x1b${code}${shown(after)}`;
      })
      .join('')
  );
}

/** Columns that lines have: those of the terminal, or what COLUMNS says; without end in a pipe. */
function widthOf({ isTTY, columns }: NodeJS.WriteStream): number {
  const told = Number(process.env['COLUMNS']);
  if (Number.isInteger(told) && told >= 20) return told;
  return isTTY && columns >= 20 ? columns : Number.POSITIVE_INFINITY;
}

export function terminal(json: boolean): Io {
  const colors = Boolean(picocolors.isColorSupported && process.stdout.isTTY && !json);
  const print = (line = ''): void => {
    if (!json) process.stdout.write(`${lineFor(process.stdout, line)}\n`);
  };
  const cell = (text: string) => visible(text, LONGEST_CELL);
  const width = json ? Number.POSITIVE_INFINITY : widthOf(process.stdout);
  return {
    json,
    width,
    print,
    table(columns, rows) {
      const shown = rows.map((row) => row.map(cell));
      const { lines, left } = fittedTable(columns, shown, width);
      for (const line of lines) print(line);
      if (left.length) print(`(no room for ${left.join(', ')}: see --json)`);
    },
    emit(value) {
      if (json) process.stdout.write(`${jsonText(value)}\n`);
    },
    note: (line) => void process.stderr.write(`${lineFor(process.stderr, line)}\n`),
    progress: (label) => progressBar(process.stderr, label, (text) => lineFor(process.stderr, text)),
    bold: colors ? styled(1, 22) : (text) => text,
    dim: colors ? styled(2, 22) : (text) => text,
  };
}

/** Prints parts of a report as they come. */
export const reporter =
  (io: Io) =>
  (part: Part): void => {
    if (typeof part === 'string') io.print(part);
    else if ('title' in part) io.print(io.bold(part.title));
    else io.table(part.columns, part.rows);
  };

/** An error as people read it: what failed, its details indented, what to do next; `stack` of --verbose. */
export function printError(
  { headline, lines: details = [], hint }: { headline: string; lines?: string[]; hint?: string | undefined },
  stack: string[] = [],
): void {
  const line = (text: string) => lineFor(process.stderr, text);
  // A single detail goes on where the headline ends.
  const [first, listed] =
    details.length === 1 ? [`${headline} ${details[0]}`, []] : [headline.trimEnd(), details];
  const shown = listed.slice(0, MOST_DETAILS);
  const more = listed.length - shown.length;
  const lines = [
    `error: ${line(first)}`,
    ...shown.map((detail) => `  ${line(detail.replaceAll('\t', '    '))}`),
    ...(more ? [`  ... and ${more} more lines`] : []),
    ...(hint ? [`hint: ${line(hint)}`] : []),
    ...stack.map((each) => line(each)),
  ];
  process.stderr.write(`${lines.join('\n')}\n`);
}
