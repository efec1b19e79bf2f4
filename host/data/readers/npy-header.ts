import type { Refuse } from '../../system/refusal.js';

/** A field of a structured array: its name and numpy's word for its type. */
export type NpyField = { name: string; type: string };

/** What the header of a .npy says: the type of its elements or their fields. */
export type NpyHeader = { type: string | NpyField[]; fortran: boolean; shape: number[] };

const MAX_HEADER = 2 ** 16;
const MAX_DEPTH = 6;
const DAMAGED = 'the file is damaged: save it again with numpy.save';

/**
 * Parses the header of a .npy, of versions 1 to 3 (numpy.org/doc, NEP 1), and tells where its data begins.
 */
export function parseNpyHeader(bytes: Uint8Array, refuse: Refuse): { header: NpyHeader; at: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6];
  if (version === undefined || version < 1 || version > 3)
    return refuse(`it is of version ${version ?? '?'}, 1 to 3 are read`, 'save it with numpy.save');
  const from = version === 1 ? 10 : 12;
  if (bytes.length < from) return refuse('it ends in its header', DAMAGED);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_HEADER)
    return refuse(`its header claims ${length} bytes, at most ${MAX_HEADER} are read`, DAMAGED);
  if (length > bytes.length - from) return refuse('it ends in its header', DAMAGED);
  const text = new TextDecoder(version === 3 ? 'utf-8' : 'latin1').decode(
    bytes.subarray(from, from + length),
  );
  return { header: headerOf(new Literal(text, refuse).parse(), refuse), at: from + length };
}

function headerOf(value: Value, refuse: Refuse): NpyHeader {
  const bad = (what: string): never => refuse(`its header lacks a valid ${what}`, DAMAGED);
  if (!(value instanceof Map)) return bad('dict');
  const shape = value.get('shape');
  const fortran = value.get('fortran_order');
  if (!Array.isArray(shape) || !shape.every(isSize)) return bad('shape');
  if (typeof fortran !== 'boolean') return bad('fortran_order');
  return { type: typeOf(value.get('descr'), bad, refuse), fortran, shape };
}

const isSize = (value: Value): value is number => typeof value === 'number';

function typeOf(descr: Value | undefined, bad: (what: string) => never, refuse: Refuse): string | NpyField[] {
  if (typeof descr === 'string') return descr;
  if (!Array.isArray(descr)) return bad('descr');
  return descr.map((field) => {
    if (!Array.isArray(field) || field.length < 2) return bad('field');
    const [said, type, inner] = field;
    // A title and a name.
    const name = Array.isArray(said) ? said[1] : said;
    if (typeof name !== 'string') return bad('field');
    if (typeof type !== 'string' || inner !== undefined)
      return refuse('its fields hold arrays or nested fields', 'save fields of one number each');
    return { name, type };
  });
}

type Value = string | number | boolean | null | Value[] | Map<string, Value>;

/** A literal of Python as numpy writes it: dicts, tuples, lists, texts, whole numbers, True, False, None. */
class Literal {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly refuse: Refuse,
  ) {}

  parse(): Value {
    const value = this.value(0);
    if (this.peek() !== undefined) this.bad();
    return value;
  }

  private bad(): never {
    return this.refuse(`its header cannot be read at character ${this.at}`, DAMAGED);
  }

  private peek(): string | undefined {
    while (this.at < this.text.length && /\s/.test(this.text[this.at]!)) this.at++;
    return this.text[this.at];
  }

  private take(one: string): boolean {
    if (this.peek() !== one) return false;
    this.at++;
    return true;
  }

  private word(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const [found] = pattern.exec(this.text) ?? [];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  private value(depth: number): Value {
    if (depth > MAX_DEPTH) return this.bad();
    const next = this.peek();
    if (next === "'" || next === '"') return this.string(next);
    if (this.take('(')) return this.items(')', depth);
    if (this.take('[')) return this.items(']', depth);
    if (this.take('{')) return this.dict(depth);
    const number = this.word(/\d{1,16}(?=L?\W|L?$)/y);
    if (number !== undefined) {
      // Python 2 wrote long numbers with an L.
      this.word(/L/y);
      return Number(number);
    }
    const word = this.word(/True|False|None/y);
    return word === undefined ? this.bad() : word === 'None' ? null : word === 'True';
  }

  private string(quote: string): string {
    this.at++;
    const end = this.text.indexOf(quote, this.at);
    const found = end < 0 ? '\\' : this.text.slice(this.at, end);
    if (found.includes('\\')) return this.bad();
    this.at = end + 1;
    return found;
  }

  private items(end: string, depth: number): Value[] {
    const found: Value[] = [];
    while (!this.take(end)) {
      found.push(this.value(depth + 1));
      if (!this.take(',') && this.peek() !== end) this.bad();
    }
    return found;
  }

  private dict(depth: number): Map<string, Value> {
    const found = new Map<string, Value>();
    while (!this.take('}')) {
      const key = this.value(depth + 1);
      if (typeof key !== 'string' || found.has(key) || !this.take(':')) return this.bad();
      found.set(key, this.value(depth + 1));
      if (!this.take(',') && this.peek() !== '}') this.bad();
    }
    return found;
  }
}
