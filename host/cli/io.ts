import { randomBytes } from 'node:crypto';
import picocolors from 'picocolors';
import { type Progress, progressBar } from '../report/progress.js';
import { type Column, fittedTable, type Part } from '../report/text.js';
import { jsonText, visible } from '../system/printable.js';

/**
 * A verb's access to the terminal: results on stdout, progress and notes on stderr. With --json, stdout only
 * gets JSON. Any text may contain untrusted names of files and devices. All text is made printable here and
 * only here, so that it can neither control the terminal nor imitate spikelet's own output.
 */
export type Io = {
  json: boolean;
  /** Line width in columns for text output; infinite if unlimited. */
  width: number;
  /** Prints one line of the result as text. */
  print(line?: string): void;
  table(columns: Column[], rows: string[][]): void;
  /** Prints one line of JSON, with --json. */
  emit(value: unknown): void;
  /** Prints a note or progress line. */
  note(line: string): void;
  progress(label: string): Progress;
  bold(text: string): string;
  dim(text: string): string;
};

/** Maximum line length; longer lines keep their start and end. */
const LONGEST = 4000;
/** Maximum length of a table cell. */
const LONGEST_CELL = 100;
/** Maximum number of detail lines of an error. */
const MOST_DETAILS = 40;

/** Starts one of our own control codes within a line; it is random, so no other text can contain it. */
const MARK = `\x1b${randomBytes(12).toString('hex')};`;
const styled = (on: number, off: number) => (text: string) => `${MARK}[${on}m${text}${MARK}[${off}m`;

/** Whether a stream is a terminal whose locale allows characters beyond ASCII. */
function takesUnicode({ isTTY }: NodeJS.WriteStream): boolean {
  const { LC_ALL, LC_CTYPE, LANG } = process.env;
  const locale = LC_ALL || LC_CTYPE || LANG || '';
  return !isTTY || process.platform === 'win32' || locale === '' || /utf-?8/i.test(locale);
}

/** A line in the form that `stream` can show. */
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

/** Line width: COLUMNS if set, otherwise the terminal's; infinite in a pipe. */
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

/** Prints parts of a report as they arrive. */
export const reporter =
  (io: Io) =>
  (part: Part): void => {
    if (typeof part === 'string') io.print(part);
    else if ('title' in part) io.print(io.bold(part.title));
    else io.table(part.columns, part.rows);
  };

/**
 * Prints an error as text: what failed, its details indented, what to do next. `stack`: added by --verbose.
 */
export function printError(
  { headline, lines: details = [], hint }: { headline: string; lines?: string[]; hint?: string | undefined },
  stack: string[] = [],
): void {
  const line = (text: string) => lineFor(process.stderr, text);
  // A single detail continues the headline.
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
