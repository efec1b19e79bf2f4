import type { BinaryOp, Expression } from './ir.js';
import { nodeField } from './records.js';

/** C names for an expression. */
export type Scope = {
  local(index: number): string;
  call(target: string, operands: Expression[]): string;
  /** The record that a local points to. */
  record(index: number): 'node' | 'model' | undefined;
};

/** `unsigned`: a u32. `small`: an int promoted from 8 or 16 bits, a comparison or a constant. */
type Printed = { text: string; level: number; type: 'unsigned' | 'small' };

/** C precedence levels; an operand that binds less tightly than its context gets parentheses. */
const level = { atom: 9, unary: 8, product: 7, sum: 6, shift: 5, compare: 4, bits: 3, choice: 1 };

type Style = { text: string; level: number; signed?: true; compares?: true };
const styles: Record<BinaryOp, Style> = {
  add: { text: '+', level: level.sum },
  sub: { text: '-', level: level.sum },
  mul: { text: '*', level: level.product },
  div_s: { text: '/', level: level.product, signed: true },
  div_u: { text: '/', level: level.product },
  rem_s: { text: '%', level: level.product, signed: true },
  rem_u: { text: '%', level: level.product },
  and: { text: '&', level: level.bits },
  or: { text: '|', level: level.bits },
  xor: { text: '^', level: level.bits },
  shl: { text: '<<', level: level.shift },
  shr_s: { text: '>>', level: level.shift, signed: true },
  shr_u: { text: '>>', level: level.shift },
  eq: { text: '==', level: level.compare, compares: true },
  ne: { text: '!=', level: level.compare, compares: true },
  lt_s: { text: '<', level: level.compare, signed: true, compares: true },
  lt_u: { text: '<', level: level.compare, compares: true },
  le_s: { text: '<=', level: level.compare, signed: true, compares: true },
  le_u: { text: '<=', level: level.compare, compares: true },
  gt_s: { text: '>', level: level.compare, signed: true, compares: true },
  gt_u: { text: '>', level: level.compare, compares: true },
  ge_s: { text: '>=', level: level.compare, signed: true, compares: true },
  ge_u: { text: '>=', level: level.compare, compares: true },
};
const opposite: Partial<Record<BinaryOp, BinaryOp>> = {
  eq: 'ne',
  ne: 'eq',
  lt_s: 'ge_s',
  ge_s: 'lt_s',
  lt_u: 'ge_u',
  ge_u: 'lt_u',
  gt_s: 'le_s',
  le_s: 'gt_s',
  gt_u: 'le_u',
  le_u: 'gt_u',
};

/** The macros of model.c that read and write memory of this type. */
const readMacro = (bytes: number, signed: boolean): string =>
  bytes === 4 ? 'U32' : `${signed ? 'I' : 'U'}${bytes * 8}`;
export const writeMacro = (bytes: number): string => `W${bytes * 8}`;

/** An address: `at + 4`. */
export const addressOf = (address: Expression, offset: number, scope: Scope): string => {
  if (!offset) return unsignedText(address, scope);
  return unsignedText(
    { kind: 'binary', op: 'add', left: address, right: { kind: 'const', value: offset } },
    scope,
  );
};

const wrap = ({ text, level: own }: Printed, least: number) => (own >= least ? text : `(${text})`);

/** A u32; assignments and arguments convert smaller types. */
export const valueText = (expression: Expression, scope: Scope): string => print(expression, scope).text;
const unsignedText = (expression: Expression, scope: Scope): string => asUnsigned(expression, scope).text;

/** The condition of an `if`. */
export const conditionText = (expression: Expression, scope: Scope): string => {
  if (expression.kind === 'unary' && expression.op === 'eqz' && expression.value.kind === 'binary') {
    const { op, left, right } = expression.value;
    const other = opposite[op];
    if (other) return conditionText({ kind: 'binary', op: other, left, right }, scope);
  }
  if (expression.kind === 'select' && expression.no.kind === 'const' && expression.no.value === 0) {
    const parts = [expression.condition, expression.yes].map((part) => {
      const text = conditionText(part, scope);
      return part.kind === 'select' ? `(${text})` : text;
    });
    return parts.join(' && ');
  }
  return print(expression, scope).text;
};

const decimal = (value: number): string => {
  if (value === -2147483648) return '(-2147483647 - 1)';
  return String(value);
};

function asUnsigned(expression: Expression, scope: Scope): Printed {
  if (expression.kind === 'const') {
    const value = expression.value >>> 0;
    const text = value > 0xffff ? `0x${value.toString(16)}u` : `${value}u`;
    return { text, level: level.atom, type: 'unsigned' };
  }
  const printed = print(expression, scope);
  if (printed.type === 'unsigned') return printed;
  return { text: `(u32)${wrap(printed, level.unary)}`, level: level.unary, type: 'unsigned' };
}

function asSigned(expression: Expression, scope: Scope): Printed {
  if (expression.kind === 'const') {
    const { value } = expression;
    return { text: decimal(value), level: value < 0 ? level.unary : level.atom, type: 'small' };
  }
  const printed = print(expression, scope);
  if (printed.type === 'small') return printed;
  return { text: `(i32)${wrap(printed, level.unary)}`, level: level.unary, type: 'small' };
}

function print(expression: Expression, scope: Scope): Printed {
  switch (expression.kind) {
    case 'const':
      return asUnsignedIfLarge(expression.value);
    case 'local': {
      const name = scope.local(expression.index);
      return scope.record(expression.index)
        ? { text: `(u32)${name}`, level: level.unary, type: 'unsigned' }
        : { text: name, level: level.atom, type: 'unsigned' };
    }
    case 'load':
      return load(expression, scope);
    case 'call':
      return {
        text: scope.call(expression.target, expression.operands),
        level: level.atom,
        type: 'unsigned',
      };
    case 'unary': {
      if (expression.op === 'eqz') {
        const value = print(expression.value, scope);
        return { text: `!${wrap(value, level.unary)}`, level: level.unary, type: 'small' };
      }
      const type = expression.op === 'extend8_s' ? 'i8' : 'i16';
      const value = wrap(print(expression.value, scope), level.unary);
      return { text: `(${type})${value}`, level: level.unary, type: 'small' };
    }
    case 'select': {
      const { condition, yes, no } = expression;
      const text = [conditionOf(condition, scope), ...[yes, no].map((part) => choice(part, scope))];
      return { text: `${text[0]} ? ${text[1]} : ${text[2]}`, level: level.choice, type: 'unsigned' };
    }
    case 'binary':
      return binary(expression, scope);
  }
}

const conditionOf = (condition: Expression, scope: Scope) =>
  wrap({ ...print(condition, scope), text: conditionText(condition, scope) }, level.bits);
const choice = (part: Expression, scope: Scope) => wrap(asUnsigned(part, scope), level.bits);

const asUnsignedIfLarge = (value: number): Printed => {
  if (value > 0xffff || value < -0xffff)
    return { text: `0x${(value >>> 0).toString(16)}u`, level: level.atom, type: 'unsigned' };
  return { text: String(value), level: value < 0 ? level.unary : level.atom, type: 'small' };
};

/** Fields of records by name, everything else through the memory macros. */
function load({ bytes, signed, address, offset }: Expression & { kind: 'load' }, scope: Scope): Printed {
  if (address.kind === 'local' && bytes === 4) {
    const record = scope.record(address.index);
    const field = record && nodeField(record, offset);
    if (field) {
      const text = `${scope.local(address.index)}->${field.name}`;
      return field.pointer
        ? { text: `(u32)${text}`, level: level.unary, type: 'unsigned' }
        : { text, level: level.atom, type: 'unsigned' };
    }
  }
  const text = `${readMacro(bytes, signed)}(${addressOf(address, offset, scope)})`;
  return { text, level: level.atom, type: bytes === 4 ? 'unsigned' : 'small' };
}

function binary({ op, left, right }: Expression & { kind: 'binary' }, scope: Scope): Printed {
  const style = styles[op];
  // x + (-2) reads better as a difference.
  if (op === 'add' && right.kind === 'const' && right.value < 0 && right.value > -0xffff)
    return binary({ kind: 'binary', op: 'sub', left, right: { kind: 'const', value: -right.value } }, scope);
  const shifts = style.level === level.shift;
  const signed = style.signed === true;
  const least =
    style.level === level.product ? level.product : style.level === level.sum ? level.sum : level.unary;
  let a: Printed;
  let b: Printed;
  if (signed) {
    a = asSigned(left, scope);
    b = shifts ? shiftAmount(right, scope) : asSigned(right, scope);
  } else if (shifts) {
    a = asUnsigned(left, scope);
    b = shiftAmount(right, scope);
  } else {
    a = print(left, scope);
    b = print(right, scope);
    // One unsigned operand makes the other unsigned; two ints could overflow, or differ in sign.
    if (style.compares || (a.type === 'small' && b.type === 'small')) {
      a = asUnsigned(left, scope);
      b = asUnsigned(right, scope);
    }
  }
  // `a - (b - c)` needs its parentheses, `a - b - c` does not.
  const text = `${wrap(a, least)} ${style.text} ${wrap(b, least + (least < level.unary ? 1 : 0))}`;
  if (signed && !style.compares) return { text: `(u32)(${text})`, level: level.unary, type: 'unsigned' };
  return { text, level: style.level, type: style.compares ? 'small' : 'unsigned' };
}

/** WebAssembly takes the amount modulo 32; in C, more than 31 is undefined. */
function shiftAmount(amount: Expression, scope: Scope): Printed {
  if (amount.kind === 'const') return asSigned({ kind: 'const', value: amount.value & 31 }, scope);
  const text = `(${wrap(print(amount, scope), level.unary)} & 31)`;
  return { text, level: level.atom, type: 'unsigned' };
}
