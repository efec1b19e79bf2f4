/**
 * The integer subset of WebAssembly that the kernels use, as plain data. After `simplify` (read.ts)
 * expressions have no side effects, and blocks, loops and ifs are statements without values.
 */
export type Expression =
  | { kind: 'const'; value: number }
  | { kind: 'local'; index: number }
  /** `bytes` at `address + offset`; narrow values are sign- or zero-extended. */
  | { kind: 'load'; bytes: number; signed: boolean; address: Expression; offset: number }
  | { kind: 'unary'; op: UnaryOp; value: Expression }
  | { kind: 'binary'; op: BinaryOp; left: Expression; right: Expression }
  | { kind: 'select'; condition: Expression; yes: Expression; no: Expression }
  | { kind: 'call'; target: string; operands: Expression[] };

/** Named as in WebAssembly's text format. */
export const unaryOps = ['eqz', 'extend8_s', 'extend16_s'] as const;
export type UnaryOp = (typeof unaryOps)[number];

export const binaryOps = [
  ...(['add', 'sub', 'mul', 'div_s', 'div_u', 'rem_s', 'rem_u'] as const),
  ...(['and', 'or', 'xor', 'shl', 'shr_s', 'shr_u'] as const),
  ...(['eq', 'ne', 'lt_s', 'lt_u', 'le_s', 'le_u', 'gt_s', 'gt_u', 'ge_s', 'ge_u'] as const),
] as const;
export type BinaryOp = (typeof binaryOps)[number];

export type Statement =
  | { kind: 'set'; local: number; value: Expression }
  | { kind: 'store'; bytes: number; address: Expression; offset: number; value: Expression }
  | { kind: 'call'; call: Expression & { kind: 'call' } }
  | { kind: 'if'; condition: Expression; yes: Statement[]; no: Statement[] }
  | { kind: 'loop'; label: string; body: Statement[] }
  | { kind: 'block'; label: string; body: Statement[] }
  /** To the end of a block, or the start of a loop. */
  | { kind: 'branch'; label: string; condition?: Expression }
  | { kind: 'switch'; value: Expression; labels: string[]; otherwise: string }
  | { kind: 'return'; value?: Expression };

export type WasmFunction = {
  name: string;
  /** Names of the locals, parameters first; empty for the compiler's own. */
  locals: string[];
  parameters: number;
  returns: boolean;
  body: Statement[];
};

export type WasmImport = { name: string; from: string };
export type WasmCode = { functions: WasmFunction[]; imports: WasmImport[]; exports: Map<string, string> };

/** Expressions that a statement evaluates itself, without nested statements. */
export function expressionsOf(statement: Statement): Expression[] {
  switch (statement.kind) {
    case 'set':
      return [statement.value];
    case 'store':
      return [statement.address, statement.value];
    case 'call':
      return [statement.call];
    case 'if':
      return [statement.condition];
    case 'branch':
      return statement.condition ? [statement.condition] : [];
    case 'switch':
      return [statement.value];
    case 'return':
      return statement.value ? [statement.value] : [];
    default:
      return [];
  }
}

/** The parts of an expression. */
export function operandsOf(expression: Expression): Expression[] {
  switch (expression.kind) {
    case 'load':
      return [expression.address];
    case 'unary':
      return [expression.value];
    case 'binary':
      return [expression.left, expression.right];
    case 'select':
      return [expression.condition, expression.yes, expression.no];
    case 'call':
      return expression.operands;
    default:
      return [];
  }
}

/** The statements inside a statement. */
export function bodiesOf(statement: Statement): Statement[][] {
  if (statement.kind === 'if') return [statement.yes, statement.no];
  return 'body' in statement ? [statement.body] : [];
}
