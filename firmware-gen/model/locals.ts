import {
  bodiesOf,
  type Expression,
  expressionsOf,
  operandsOf,
  type Statement,
  type WasmFunction,
} from './ir.js';

/** Calls `visit` with every local that an expression reads. */
export function readLocals(expression: Expression, visit: (index: number) => void): void {
  if (expression.kind === 'local') visit(expression.index);
  for (const part of operandsOf(expression)) readLocals(part, visit);
}

/** Removes locals that are only aliases of a parameter; inlined kernels have many. */
export function withoutCopies(code: WasmFunction): WasmFunction {
  const sets = code.locals.map(() => 0);
  const copies = new Map<number, number>();
  const count = (statements: Statement[]): void => {
    for (const statement of statements) {
      if (statement.kind === 'set') {
        sets[statement.local]!++;
        if (statement.value.kind === 'local') copies.set(statement.local, statement.value.index);
      }
      bodiesOf(statement).forEach(count);
    }
  };
  count(code.body);
  const sourceOf = (local: number): number => {
    const source = copies.get(local);
    if (local < code.parameters || source === undefined || sets[local] !== 1) return local;
    const root = sourceOf(source);
    return root < code.parameters && sets[root] === 0 ? root : local;
  };
  const rename = (expression: Expression): Expression => {
    switch (expression.kind) {
      case 'const':
        return expression;
      case 'local':
        return { ...expression, index: sourceOf(expression.index) };
      case 'load':
        return { ...expression, address: rename(expression.address) };
      case 'unary':
        return { ...expression, value: rename(expression.value) };
      case 'binary':
        return { ...expression, left: rename(expression.left), right: rename(expression.right) };
      case 'select': {
        const { condition, yes, no } = expression;
        return { ...expression, condition: rename(condition), yes: rename(yes), no: rename(no) };
      }
      case 'call':
        return { ...expression, operands: expression.operands.map(rename) };
    }
  };
  const renameAll = (statements: Statement[]): Statement[] =>
    statements.flatMap((statement): Statement[] => {
      switch (statement.kind) {
        case 'set':
          if (sourceOf(statement.local) !== statement.local) return [];
          return [{ ...statement, value: rename(statement.value) }];
        case 'store':
          return [{ ...statement, address: rename(statement.address), value: rename(statement.value) }];
        case 'call':
          return [{ ...statement, call: rename(statement.call) as typeof statement.call }];
        case 'if': {
          const { condition, yes, no } = statement;
          return [{ ...statement, condition: rename(condition), yes: renameAll(yes), no: renameAll(no) }];
        }
        case 'block':
        case 'loop':
          return [{ ...statement, body: renameAll(statement.body) }];
        case 'branch':
          return [statement.condition ? { ...statement, condition: rename(statement.condition) } : statement];
        case 'switch':
          return [{ ...statement, value: rename(statement.value) }];
        case 'return':
          return [statement.value ? { ...statement, value: rename(statement.value) } : statement];
        default:
          return [statement];
      }
    });
  return { ...code, body: renameAll(code.body) };
}

/** Parameters that a function does not use, but has because of its shared signature. */
export function unusedParameters({ body, parameters }: WasmFunction): number[] {
  const used = new Set<number>();
  const visit = (statements: Statement[]): void => {
    for (const statement of statements) {
      for (const expression of expressionsOf(statement)) readLocals(expression, (index) => used.add(index));
      bodiesOf(statement).forEach(visit);
    }
  };
  visit(body);
  return Array.from({ length: parameters }, (_, i) => i).filter((i) => !used.has(i));
}
