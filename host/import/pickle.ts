import { SpikeletError } from '../../models/error.js';
import { printable } from '../system/printable.js';

/**
 * Python pickles as data. A pickle is a program for a small stack machine; this machine knows the opcodes
 * that build values, and only those Python functions that are in the caller's table. Nothing is imported and
 * no code from the file is run. Values become null, boolean, number, bigint, string, Uint8Array, array (list
 * and tuple), Map (dict), or whatever the caller's table returns. Lists may contain themselves, so code that
 * walks a value must bound the depth.
 */
export type PickleRules = {
  /** Python functions and classes by `module.name`; everything else is refused by name. */
  globals: Map<string, PickleGlobal>;
  /** The replacement for a class that is not in the table; undefined: it is refused. */
  unknown?: (name: string) => PickleGlobal | undefined;
  /** The value of a persistent id; `bad` refuses it. */
  persistent: (id: unknown, bad: (why: string) => never) => unknown;
};

/**
 * A function or class in the table. Without `call` it is only a name. Objects get their state through `Bag`.
 */
export class PickleGlobal {
  constructor(
    readonly name: string,
    readonly call?: (args: unknown[], bad: (why: string) => never) => unknown,
  ) {}
}

/** A pickled value as text. Objects are not expanded: a list may contain itself, or endless lists. */
export const textOf = (value: unknown): string =>
  typeof value === 'object' && value !== null ? 'an object' : String(value);

/** An object with only its attributes known. */
export class Bag {
  readonly fields = new Map<unknown, unknown>();
  /** State is a dict of attributes, or a pair of them if the class has slots; anything else is ignored. */
  build(state: unknown): void {
    for (const part of Array.isArray(state) ? state.slice(0, 2) : [state])
      if (part instanceof Map) for (const [key, value] of part) this.fields.set(key, value);
  }
}

/**
 * Typically 34 opcodes and a dozen objects per tensor; the largest checkpoints in use have about ten thousand
 * tensors.
 */
const MAX_OPCODES = 2_000_000;
const MAX_OBJECTS = 500_000;
const MAX_INTEGER_BYTES = 64;
const MAX_NAME = 200;

/**
 * Runs the pickle that begins at byte `at`. Returns its value and the byte after it.
 * Throws a SpikeletError that begins with `label` on anything the rules do not allow.
 */
export function unpickle(
  bytes: Uint8Array,
  at: number,
  rules: PickleRules,
  label: string,
): { value: unknown; end: number } {
  const machine = new Machine(bytes, at, rules, label);
  return { value: machine.run(), end: machine.at };
}

class Machine {
  readonly stack: unknown[] = [];
  readonly marks: number[] = [];
  readonly memo = new Map<number, unknown>();
  private readonly view: DataView;
  private objects = 0;

  constructor(
    private readonly bytes: Uint8Array,
    public at: number,
    readonly rules: PickleRules,
    private readonly label: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  readonly bad: (why: string) => never = (why) => {
    throw new SpikeletError(`${this.label}: the pickle is refused at byte ${this.at}: ${why}`, {
      hint: 'is the file complete, and is it what torch.save(model.state_dict(), ...) wrote?',
    });
  };

  run(): unknown {
    for (let count = 0; count < MAX_OPCODES; count++) {
      const code = this.byte();
      if (code === STOP) return this.pop();
      const opcode = opcodes.get(code);
      if (!opcode) return this.bad(`opcode 0x${code.toString(16)} does not belong in a checkpoint`);
      opcode(this);
    }
    return this.bad(`it has more than ${MAX_OPCODES} opcodes`);
  }

  /** Skips the next `length` bytes and returns their offset. */
  skip(length: number): number {
    const from = this.at;
    if (!(length <= this.bytes.length - from))
      return this.bad(`${length} bytes are needed, ${this.bytes.length - from} are left`);
    this.at = from + length;
    return from;
  }

  byte(): number {
    return this.bytes[this.skip(1)]!;
  }

  uint16(): number {
    return this.view.getUint16(this.skip(2), true);
  }

  uint32(): number {
    return this.view.getUint32(this.skip(4), true);
  }

  int32(): number {
    return this.view.getInt32(this.skip(4), true);
  }

  uint64(): number {
    return Number(this.view.getBigUint64(this.skip(8), true));
  }

  float(): number {
    return this.view.getFloat64(this.skip(8), false);
  }

  raw(length: number): Uint8Array {
    const from = this.skip(length);
    return this.bytes.subarray(from, from + length);
  }

  text(length: number): string {
    const raw = this.raw(length);
    return Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString('utf8');
  }

  /** Two's complement, little-endian. */
  integer(length: number): number | bigint {
    if (length > MAX_INTEGER_BYTES) return this.bad(`an integer of ${length} bytes`);
    let value = 0n;
    for (const byte of this.raw(length).slice().reverse()) value = (value << 8n) | BigInt(byte);
    value = BigInt.asIntN(8 * length, value);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  line(): string {
    const end = this.bytes.indexOf(10, this.at);
    if (end < 0 || end - this.at > MAX_NAME) return this.bad('a name that does not end');
    const line = this.text(end - this.at);
    this.at++;
    return line;
  }

  push(value: unknown): void {
    this.stack.push(value);
  }

  /** Pushes a value that takes new memory. */
  make(value: unknown): void {
    this.charge(1);
    this.stack.push(value);
  }

  /**
   * Counts work: repeated references to a value cost the file a few bytes but cost us the full work each
   * time.
   */
  charge(objects: number): void {
    this.objects += objects;
    if (this.objects > MAX_OBJECTS) this.bad(`it has more than ${MAX_OBJECTS} objects`);
  }

  pop(): unknown {
    if (this.stack.length <= (this.marks.at(-1) ?? 0)) this.bad('it takes a value from an empty stack');
    return this.stack.pop();
  }

  top(): unknown {
    if (this.stack.length <= (this.marks.at(-1) ?? 0)) this.bad('it reads a value from an empty stack');
    return this.stack.at(-1);
  }

  /** Everything above the last mark. */
  popMark(): unknown[] {
    const mark = this.marks.pop();
    return mark === undefined ? this.bad('a mark is missing') : this.stack.splice(mark);
  }

  recall(index: number): void {
    if (!this.memo.has(index)) this.bad(`it refers to value ${index}, which it never stored`);
    this.stack.push(this.memo.get(index));
  }

  global(module: string, name: string): void {
    const path = `${module}.${name}`;
    this.push(this.rules.globals.get(path) ?? this.rules.unknown?.(path) ?? this.refuse(path));
  }

  refuse(path: string): never {
    throw new SpikeletError(
      `${this.label} is refused: it wants to call '${printable(path)}', which does not belong in a checkpoint. Nothing was executed`,
      {
        hint: 'load it in Python only if you trust its source; torch.save(model.state_dict(), ...) writes files without calls',
      },
    );
  }

  call(): void {
    const args = this.pop();
    const global = this.pop();
    if (!(global instanceof PickleGlobal)) this.bad('it calls something that is not a function');
    if (!Array.isArray(args)) this.bad(`it calls ${global.name} without arguments`);
    for (const arg of args) this.charge(Array.isArray(arg) ? arg.length : 0);
    this.make(global.call ? global.call(args, this.bad) : this.refuse(global.name));
  }

  append(items: unknown[]): void {
    const list = this.top();
    // The items of an unknown class's list are not read.
    if (list instanceof Bag) return;
    if (!Array.isArray(list)) this.bad('it appends to something that is not a list');
    for (const item of items) list.push(item);
  }

  set(items: unknown[]): void {
    const top = this.top();
    const dict = top instanceof Bag ? top.fields : top;
    if (!(dict instanceof Map) || items.length % 2) this.bad('it sets items of something that is not a dict');
    for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
  }

  /**
   * Sets an object's attributes. Those of an OrderedDict, where PyTorch keeps version numbers, are ignored.
   */
  build(): void {
    const state = this.pop();
    const target = this.top();
    if (target instanceof Bag) {
      for (const part of Array.isArray(state) ? state : [state])
        if (part instanceof Map) this.charge(part.size);
      target.build(state);
      return;
    }
    if (!(state instanceof Map)) this.bad('the state of an object is not a dict');
    this.charge(state.size);
    if (!(target instanceof Map)) this.bad('it sets attributes of something that is not an object');
  }

  tuple(length: number): void {
    const items = Array.from({ length }, () => this.pop());
    this.make(items.reverse());
  }
}

const STOP = 0x2e;

/**
 * Names as in Python's pickletools; most of protocol 0, extensions and out-of-band data are not supported.
 */
const opcodes = new Map<number, (m: Machine) => void>([
  /* PROTO */ [
    0x80,
    (m) => {
      const version = m.byte();
      if (version > 5) m.bad(`protocol ${version} is unknown`);
    },
  ],
  /* FRAME */ [0x95, (m) => void m.skip(8)],
  /* MARK */ [0x28, (m) => void m.marks.push(m.stack.length)],
  /* POP */ [0x30, (m) => void (m.stack.length === m.marks.at(-1) ? m.marks.pop() : m.pop())],
  /* POP_MARK */ [0x31, (m) => void m.popMark()],
  /* DUP */ [0x32, (m) => m.push(m.top())],

  /* NONE */ [0x4e, (m) => m.push(null)],
  /* NEWTRUE */ [0x88, (m) => m.push(true)],
  /* NEWFALSE */ [0x89, (m) => m.push(false)],
  /* BININT */ [0x4a, (m) => m.push(m.int32())],
  /* BININT1 */ [0x4b, (m) => m.push(m.byte())],
  /* BININT2 */ [0x4d, (m) => m.push(m.uint16())],
  /* LONG1 */ [0x8a, (m) => m.push(m.integer(m.byte()))],
  /* LONG4 */ [0x8b, (m) => m.push(m.integer(m.uint32()))],
  /* BINFLOAT */ [0x47, (m) => m.push(m.float())],

  /* BINUNICODE */ [0x58, (m) => m.push(m.text(m.uint32()))],
  /* SHORT_BINUNICODE */ [0x8c, (m) => m.push(m.text(m.byte()))],
  /* BINUNICODE8 */ [0x8d, (m) => m.push(m.text(m.uint64()))],
  /* BINSTRING */ [0x54, (m) => m.push(m.text(m.uint32()))],
  /* SHORT_BINSTRING */ [0x55, (m) => m.push(m.text(m.byte()))],
  /* BINBYTES */ [0x42, (m) => m.make(m.raw(m.uint32()))],
  /* SHORT_BINBYTES */ [0x43, (m) => m.make(m.raw(m.byte()))],
  /* BINBYTES8 */ [0x8e, (m) => m.make(m.raw(m.uint64()))],

  /* EMPTY_LIST */ [0x5d, (m) => m.make([])],
  /* APPEND */ [0x61, (m) => m.append([m.pop()])],
  /* APPENDS */ [0x65, (m) => m.append(m.popMark())],
  /* EMPTY_TUPLE */ [0x29, (m) => m.make([])],
  /* TUPLE */ [0x74, (m) => m.make(m.popMark())],
  /* TUPLE1 */ [0x85, (m) => m.tuple(1)],
  /* TUPLE2 */ [0x86, (m) => m.tuple(2)],
  /* TUPLE3 */ [0x87, (m) => m.tuple(3)],
  /* EMPTY_DICT */ [0x7d, (m) => m.make(new Map())],
  /* SETITEM */ [
    0x73,
    (m) => {
      const value = m.pop();
      m.set([m.pop(), value]);
    },
  ],
  /* SETITEMS */ [0x75, (m) => m.set(m.popMark())],

  /* EMPTY_SET */ [0x8f, (m) => m.make([])],
  /* ADDITEMS */ [0x90, (m) => m.append(m.popMark())],
  /* FROZENSET */ [0x91, (m) => m.make(m.popMark())],

  /* LIST */ [0x6c, (m) => m.make(m.popMark())],
  /* DICT */ [
    0x64,
    (m) => {
      const items = m.popMark();
      m.make(new Map());
      m.set(items);
    },
  ],

  // Only these three of protocol 0, so that what such a pickle wants to call is refused by name.
  /* UNICODE */ [0x56, (m) => m.push(m.line())],
  /* PUT */ [0x70, (m) => void m.memo.set(Number(m.line()), m.top())],
  /* GET */ [0x67, (m) => m.recall(Number(m.line()))],

  /* BINGET */ [0x68, (m) => m.recall(m.byte())],
  /* LONG_BINGET */ [0x6a, (m) => m.recall(m.uint32())],
  /* BINPUT */ [0x71, (m) => void m.memo.set(m.byte(), m.top())],
  /* LONG_BINPUT */ [0x72, (m) => void m.memo.set(m.uint32(), m.top())],
  /* MEMOIZE */ [0x94, (m) => void m.memo.set(m.memo.size, m.top())],

  /* GLOBAL */ [0x63, (m) => m.global(m.line(), m.line())],
  /* STACK_GLOBAL */ [
    0x93,
    (m) => {
      const [name, module] = [m.pop(), m.pop()];
      if (typeof module !== 'string' || typeof name !== 'string') m.bad('the name of a function is not text');
      m.global(String(module), String(name));
    },
  ],
  /* INST */ [0x69, (m) => m.refuse(`${m.line()}.${m.line()}`)],
  /* REDUCE */ [0x52, (m) => m.call()],
  /* NEWOBJ */ [0x81, (m) => m.call()],
  /* NEWOBJ_EX */ [
    0x92,
    (m) => {
      m.pop();
      m.call();
    },
  ],
  /* BUILD */ [0x62, (m) => m.build()],
  /* BINPERSID */ [0x51, (m) => m.push(m.rules.persistent(m.pop(), m.bad))],
]);
