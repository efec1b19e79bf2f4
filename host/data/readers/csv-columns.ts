import { printable } from '../../system/printable.js';
import { type Refuse, refusalOf } from '../../system/refusal.js';
import type { Csv } from './csv.js';

/** The place of a column that is given by its name or its number, counted from 1. */
export function columnIndex(
  header: string[] | undefined,
  width: number,
  which: string | number,
  refuse: Refuse,
): number {
  if (typeof which === 'number') {
    if (Number.isInteger(which) && which >= 1 && which <= width) return which - 1;
    return refuse(`it has no column ${which}`, `its columns are 1..${width}`);
  }
  const first = header?.indexOf(which) ?? -1;
  if (first < 0)
    return refuse(
      `it has no column '${printable(which)}'`,
      header
        ? `its columns are: ${header.slice(0, 12).map(printable).join(', ')}${width > 12 ? ', ...' : ''}`
        : `it has no header: name columns by their number, 1..${width}`,
    );
  if (header!.indexOf(which, first + 1) >= 0)
    return refuse(`it has two columns '${printable(which)}'`, 'name it by its number');
  return first;
}

/** Columns of a table by name or number (from 1). Throws a SpikeletError that lists the columns. */
export function columnsOf(csv: Csv, which: (string | number)[], name: string): number[] {
  const refuse = refusalOf(name);
  return which.map((one) => columnIndex(csv.header, csv.columns.length, one, refuse));
}

/** Numbers of some columns, [row][column]. Throws a SpikeletError that names a column of text. */
export function numbersOf(csv: Csv, columns: number[], name: string): Float64Array {
  const width = csv.columns.length;
  for (const column of columns)
    if (csv.columns[column]!.texts)
      refusalOf(name)(
        `column ${column + 1} (${printable(csv.columns[column]!.name)}) holds text: '${printable(csv.columns[column]!.texts![0] ?? '')}'`,
        'choose columns of numbers: columns=',
      );
  const out = new Float64Array(csv.rows * columns.length);
  for (let row = 0, to = 0; row < csv.rows; row++)
    for (const column of columns) out[to++] = csv.values[row * width + column]!;
  return out;
}

/** The texts of one column, of each row; numbers as they print. */
export function textsOf(csv: Csv, column: number): string[] {
  const { texts } = csv.columns[column]!;
  const width = csv.columns.length;
  return Array.from({ length: csv.rows }, (_, row) => {
    const value = csv.values[row * width + column]!;
    return texts ? (texts[value] ?? '') : String(value);
  });
}
