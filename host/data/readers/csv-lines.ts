import { mistakenFor, type Refuse } from '../../system/refusal.js';

/** Characters. */
const MAX_LINE = 2 ** 20;

/** A line, or several where a quoted cell holds line ends; `at` counts from 1. */
export type Line = { text: string; at: number };

/** Bytes to lines, none longer than MAX_LINE. */
export class Lines {
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
