import { printable } from '../../system/printable.js';
import { decideLayout, type Kind, kindOf, type Layout, type LayoutOptions, splitLine } from './csv-layout.js';
import { mistakenFor, type Refuse, refusalOf } from './refusal.js';

/**
 * A table. `values` are f64, [row][column]; a cell of a text column is an index into the column's `texts`, -1 where it
 * is missing. A missing number is NaN.
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

/** `texts`: the different texts of a column, in order of their first sight; undefined for a column of numbers. */
export type CsvColumn = { name: string; texts?: string[] };

/**
 * What becomes of an empty cell, or one that says NaN, NA or null: an error that names it, the value above it, NaN, or the
 * row is left out. All but the first count what they did.
 */
export type Missing = 'refuse' | 'repeat' | 'keep' | 'drop';

export type CsvOptions = LayoutOptions & {
  missing?: Missing;
  /** Columns that are read as text although their first cell is a number: labels 1, 2, walking. By name or number. */
  text?: (string | number)[];
  maxCells?: number;
};

const MAX_LINE = 2 ** 20;
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
 * Reads CSV: UTF-8 or UTF-16 with a mark, lines that end in LF, CRLF or CR, cells that may be quoted; separator, decimal
 * comma and header are decided by the first lines (`decideLayout`), once for the file. Leading lines that begin with #
 * and empty lines are passed over.
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

/** A line, or several where a quoted cell holds line ends; `at` counts from 1. */
export type Line = { text: string; at: number };

/** Bytes to lines, none longer than MAX_LINE. */
class Lines {
  private decoder: TextDecoder | undefined;
  private head: Uint8Array[] = [];
  private rest = '';
  private count = 0;
  /** A line whose quoted cell is not closed yet. */
  private open: { pieces: string[]; length: number; at: number } | undefined;

  constructor(
    private readonly refuse: Refuse,
    private readonly take: (line: Line) => void,
  ) {}

  push(bytes: Uint8Array): void {
    if (this.decoder) {
      this.text(this.decode(bytes));
      return;
    }
    this.head.push(new Uint8Array(bytes));
    if (this.head.reduce((sum, { length }) => sum + length, 0) >= 4) this.begin();
  }

  end(): void {
    if (!this.decoder) this.begin();
    this.text(this.decode());
    if (this.rest) this.line(this.rest.replace(/\r$/, ''));
    if (this.open)
      this.refuse(`line ${this.open.at}: a quoted cell begins and never ends`, 'close it with a second "');
  }

  private begin(): void {
    const start = new Uint8Array(Buffer.concat(this.head));
    this.head = [];
    const instead = start.length ? mistakenFor(start) : '';
    if (instead) this.refuse(`it is not CSV: ${instead}`, 'expected lines of text');
    const encoding =
      start[0] === 0xff && start[1] === 0xfe
        ? 'utf-16le'
        : start[0] === 0xfe && start[1] === 0xff
          ? 'utf-16be'
          : 'utf-8';
    this.decoder = new TextDecoder(encoding, { fatal: true });
    this.text(this.decode(start));
  }

  private decode(bytes?: Uint8Array): string {
    try {
      return bytes ? this.decoder!.decode(bytes, { stream: true }) : this.decoder!.decode();
    } catch {
      return this.refuse(
        `after line ${this.count}: it is not ${this.decoder!.encoding.toUpperCase()} text`,
        'save it as UTF-8: iconv -f LATIN1 -t UTF-8 IN.csv > OUT.csv',
      );
    }
  }

  private text(piece: string): void {
    if (piece.includes('\0'))
      this.refuse(
        `after line ${this.count}: it holds a zero byte, so it is not text`,
        'expected lines of text',
      );
    const all = this.rest + piece;
    let at = 0;
    // What rests holds no line end, but for a CR as its last character.
    for (let i = Math.max(0, this.rest.length - 1); i < all.length; i++) {
      const code = all.charCodeAt(i);
      if (code !== 10 && code !== 13) continue;
      // Whether a LF belongs to this CR is known by the next piece.
      if (code === 13 && i + 1 === all.length) break;
      this.line(all.slice(at, i));
      if (code === 13 && all.charCodeAt(i + 1) === 10) i++;
      at = i + 1;
    }
    this.rest = all.slice(at);
    if (this.rest.length > MAX_LINE) this.tooLong(this.count + 1);
  }

  private tooLong(at: number): never {
    return this.refuse(
      `line ${at}: ${this.open ? 'a quoted cell begins, and in' : ''} ${MAX_LINE} characters it does not end`,
      'is this a CSV file?',
    );
  }

  private line(text: string): void {
    this.count++;
    const odd = text.includes('"') && text.split('"').length % 2 === 0;
    const { open } = this;
    if (!open && !odd) {
      this.take({ text, at: this.count });
      return;
    }
    // An odd quote: the cell goes on in the next line, or ends here.
    const { pieces, length, at } = open ?? { pieces: [], length: 0, at: this.count };
    pieces.push(text);
    this.open = { pieces, length: length + text.length + 1, at };
    if (this.open.length > MAX_LINE) this.tooLong(at);
    if (!open || !odd) return;
    this.open = undefined;
    this.take({ text: pieces.join('\n'), at });
  }
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

  /** A cell's number, or its index of text; undefined: it is missing. The first cell that is there decides the kind. */
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

/** The place of a column that is given by its name or its number, counted from 1. */
function columnIndex(
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
