import picocolors from 'picocolors';
import { type Progress, progressBar } from '../report/progress.js';
import { type Column, table } from '../report/text.js';

/**
 * What a verb may do with the terminal: results on stdout, everything on the way on stderr.
 * With --json nothing but JSON reaches stdout.
 */
export type Io = {
  json: boolean;
  /** A line of the result, for people. */
  print(line?: string): void;
  table(columns: Column[], rows: string[][]): void;
  /** A line on the way. */
  note(line: string): void;
  progress(label: string): Progress;
  bold(text: string): string;
  dim(text: string): string;
};

export function terminal(json: boolean): Io {
  const colors = picocolors.createColors(
    Boolean(picocolors.isColorSupported && process.stdout.isTTY && !json),
  );
  const print = (line = ''): void => {
    if (!json) process.stdout.write(`${line}\n`);
  };
  return {
    json,
    print,
    table: (columns, rows) => {
      for (const line of table(columns, rows)) print(line);
    },
    note: (line) => void process.stderr.write(`${line}\n`),
    progress: (label) => progressBar(process.stderr, label),
    bold: colors.bold,
    dim: colors.dim,
  };
}
