import { printable } from '../../system/printable.js';
import { type Refuse, refusalOf } from '../../system/refusal.js';
import { columnIndex } from './csv-columns.js';
import { decideLayout, type Kind, kindOf, type Layout, type LayoutOptions, splitLine } from './csv-layout.js';
import { type Line, Lines } from './csv-lines.js';

/**
 * A table. `values` are f64, [row][column]; a cell of a text column is an index into the column's `texts`, -1
 * where it is missing. A missing number is NaN.
 */
export type Csv = {
  header: string[] | undefined;
  columns: CsvColumn[];
  rows: number;
  values: Float64Array;
  layout: Layout;
  /** Cells that were missing, and rows that were left out for it. */
  missing: number;
  dropped: number;
};

/**
 * `texts`: the different texts of a column, in order of their first sight; undefined for a column of numbers.
 */
export type CsvColumn = { name: string; texts?: string[] };

/**
 * What becomes of an empty cell, or one that says NaN, NA or null: an error that names it, the value above
 * it, NaN, or the row is left out. All but the first count what they did.
 */
export type Missing = 'refuse' | 'repeat' | 'keep' | 'drop';

export type CsvOptions = LayoutOptions & {
  missing?: Missing;
  /**
   * Columns that are read as text although their first cell is a number: labels 1, 2, walking. By name or
   * number.
   */
  text?: (string | number)[];
  maxCells?: number;
};

const MAX_COLUMNS = 2 ** 16;
/** 1 GB of values. */
const MAX_CELLS = 2 ** 27;
/** Different texts of a column, all their characters: labels and names, not prose. */
const MAX_TEXT = 2 ** 24;

/** Reads text piece by piece, so that a file of any size takes the memory of its numbers alone. */
export type CsvParser = { push(bytes: Uint8Array): void; end(): Csv };

/** Lines that are looked at before separator, header and columns are decided. */
const LOOKED_AT = 2;

/**
 * Reads CSV: UTF-8 or UTF-16 with a mark, lines that end in LF, CRLF or CR, cells that may be quoted;
 * separator, decimal comma and header are decided by the first lines (`decideLayout`), once for the file.
 * Leading lines that begin with # and empty lines are passed over.
 * @param name what errors call the file.
 * @throws SpikeletError naming line and column, both counted from 1.
 */
export function csvParser(name: string, options: CsvOptions = {}): CsvParser {
  const refuse = refusalOf(name);
  let table: Table | undefined;
  const waiting: Line[] = [];
  const decide = () => {
    const layout = decideLayout(
      waiting.map(({ text }) => text),
      options,
      refuse,
    );
    table = new Table(layout, waiting, options, refuse);
  };
  const lines = new Lines(refuse, (line) => {
    if (table) return table.add(line);
    if (!line.text.trim() || (!waiting.length && line.text.startsWith('#'))) return;
    waiting.push(line);
    if (waiting.length === LOOKED_AT) decide();
  });
  return {
    push: (bytes) => lines.push(bytes),
    end() {
      lines.end();
      if (!table && waiting.length) decide();
      if (!table) return refuse('it holds no rows', 'expected numbers in lines, separated by commas');
      return table.done();
    },
  };
}

/** The same of a whole file. */
export function readCsv(bytes: Uint8Array, name: string, options: CsvOptions = {}): Csv {
  const parser = csvParser(name, options);
  const step = 2 ** 16;
  for (let at = 0; at < bytes.length; at += step) parser.push(bytes.subarray(at, at + step));
  return parser.end();
}

/** Rows of cells to numbers. */
class Table {
  private readonly header: string[] | undefined;
  private readonly width: number;
  private readonly kinds: Kind[];
  private readonly texts: (Map<string, number> | undefined)[];
  private values = new Float64Array(64);
  private rows = 0;
  private missing = 0;
  private dropped = 0;
  private characters = 0;
  private mark: string | undefined;

  constructor(
    private readonly layout: Layout,
    first: Line[],
    private readonly options: CsvOptions,
    private readonly refuse: Refuse,
  ) {
    const [head] = first;
    const cells = splitLine(head!.text, layout)[0]!;
    this.width = layout.columns;
    if (this.width > MAX_COLUMNS)
      refuse(`line ${head!.at}: it has ${this.width} columns, at most ${MAX_COLUMNS} are read`, 'keep fewer');
    this.header = layout.header ? cells.slice(0, this.width) : undefined;
    this.kinds = new Array<Kind>(this.width).fill('missing');
    this.texts = new Array(this.width).fill(undefined);
    for (const which of options.text ?? []) {
      const column = columnIndex(this.header, this.width, which, refuse);
      this.kinds[column] = 'text';
      this.texts[column] = new Map();
    }
    for (const line of layout.header ? first.slice(1) : first) this.add(line);
  }

  add(line: Line): void {
    if (!line.text.trim()) return;
    for (const cells of splitLine(line.text, this.layout)) this.row(cells, line.at);
  }

  private row(cells: string[], line: number): void {
    const { width, refuse, options } = this;
    const trailing = cells.length === width + 1 && cells[width] === '';
    if (cells.length !== width && !trailing)
      refuse(
        `line ${line}, column ${Math.min(cells.length, width) + 1}: ${cells.length} cells, while the first line has ${width}`,
        'give every row as many cells; empty ones count',
      );
    const at = this.rows * width;
    this.reserve(at + width, line);
    for (let column = 0; column < width; column++) {
      const value = this.cell(cells[column]!, line, column);
      if (value !== undefined) {
        this.values[at + column] = value;
        continue;
      }
      this.missing++;
      const how = options.missing ?? 'refuse';
      if (how === 'drop') {
        this.dropped++;
        return;
      }
      if (how === 'refuse' || (how === 'repeat' && this.rows === 0))
        refuse(
          `${this.place(line, column)}: ${cells[column] ? `'${printable(cells[column]!)}'` : 'empty'}${how === 'repeat' ? ', and no value is above it' : ''}`,
          'fill it, or say what to do: missing=repeat takes the value above, missing=drop leaves the row out',
        );
      this.values[at + column] =
        how === 'repeat'
          ? this.values[at - width + column]!
          : this.kinds[column] === 'text'
            ? -1
            : Number.NaN;
    }
    this.rows++;
  }

  /**
   * A cell's number, or its index of text; undefined: it is missing. The first cell that is there decides the
   * kind.
   */
  private cell(cell: string, line: number, column: number): number | undefined {
    const kind: Kind =
      this.kinds[column] === 'text' && cell !== '' ? 'text' : kindOf(cell, this.layout.decimalComma);
    if (kind === 'missing') return undefined;
    if (this.kinds[column] === 'missing') {
      this.kinds[column] = kind;
      if (kind === 'text') this.texts[column] = new Map();
    }
    if (this.kinds[column] === 'text') return this.text(cell, line, column);
    const number = kind === 'number' ? this.number(cell, line, column) : Number.NaN;
    if (Number.isFinite(number)) return number;
    return this.refuse(
      `${this.place(line, column)}: '${printable(cell)}' is ${kind === 'number' ? 'too large' : 'not a number'}, and the cells above it are numbers`,
      'correct it, or say that the column is text',
    );
  }

  /** A file has one decimal mark: of 1,5 and 1.234 in one, the second could be thousands. */
  private number(cell: string, line: number, column: number): number {
    const mark = this.layout.decimalComma ? /[.,]/.exec(cell)?.[0] : undefined;
    this.mark ??= mark;
    if (mark && mark !== this.mark)
      this.refuse(
        `${this.place(line, column)}: '${printable(cell)}' has a decimal '${mark}', cells before it '${this.mark}'`,
        'write all numbers in one way',
      );
    return Number(mark === ',' ? cell.replace(',', '.') : cell);
  }

  private text(cell: string, line: number, column: number): number {
    const known = this.texts[column]!;
    const index = known.get(cell);
    if (index !== undefined) return index;
    this.characters += cell.length + 16;
    if (this.characters > MAX_TEXT)
      this.refuse(
        `${this.place(line, column)}: its texts are more than ${MAX_TEXT} characters`,
        'remove columns of prose',
      );
    known.set(cell, known.size);
    return known.size - 1;
  }

  private place(line: number, column: number): string {
    const name = this.header?.[column];
    return `line ${line}, column ${column + 1}${name ? ` (${printable(name)})` : ''}`;
  }

  private reserve(cells: number, line: number): void {
    const most = this.options.maxCells ?? MAX_CELLS;
    if (cells > most) this.refuse(`line ${line}: more than ${most} cells`, 'cut the file into several');
    if (cells <= this.values.length) return;
    const grown = new Float64Array(Math.min(most, Math.max(cells, 2 * this.values.length)));
    grown.set(this.values);
    this.values = grown;
  }

  done(): Csv {
    const { header, width, rows, layout, missing, dropped } = this;
    if (!rows)
      return this.refuse(
        dropped ? `all its ${dropped} rows lack a value` : 'it holds a header and no rows',
        'expected rows of numbers',
      );
    const columns = this.texts.map(
      (texts, i): CsvColumn => ({
        name: header?.[i] || `column ${i + 1}`,
        ...(texts ? { texts: [...texts.keys()] } : {}),
      }),
    );
    return { header, columns, rows, values: this.values.slice(0, rows * width), layout, missing, dropped };
  }
}
