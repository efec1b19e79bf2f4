import { type Expression, expressionsOf, type Statement } from './ir.js';
import { readLocals } from './locals.js';
import type { CStatement } from './structure.js';

/** Lists of statements inside a statement. */
export function listsOf(statement: CStatement): CStatement[][] {
  if (statement.kind === 'if') return [statement.yes, statement.no];
  if (statement.kind === 'switch') return statement.cases.map(({ body }) => body);
  return 'body' in statement ? [statement.body] : [];
}

const conditionsOf = (statement: CStatement): Expression[] => {
  if (statement.kind === 'while' || statement.kind === 'do') return [statement.condition];
  if (statement.kind === 'switch') return [statement.value];
  return 'label' in statement ||
    statement.kind === 'forever' ||
    statement.kind === 'break' ||
    statement.kind === 'continue'
    ? []
    : expressionsOf(statement as Statement);
};

/**
 * Where locals are declared: at the statement that first sets them, or (`top`) at the start of the function.
 */
export type Declarations = { at: Map<CStatement, number>; top: number[] };

/**
 * A local is declared where it gets its first value, if that is in the innermost statement list that contains
 * all its uses; otherwise at the start of the function, as 0, as in WebAssembly.
 */
export function declare(body: CStatement[], parameters: number): Declarations {
  const users = new Map<CStatement[], Users>();
  collect(body, users);
  const at = new Map<CStatement, number>();
  const top: number[] = [];
  for (const index of users.get(body)!.keys()) {
    if (index < parameters) continue;
    const { list, first } = innermost(body, index, users);
    const jumpedOver = list.some(({ kind }) => kind === 'label');
    if (!jumpedOver && first.kind === 'set' && first.local === index && !reads(first.value, index))
      at.set(first, index);
    else top.push(index);
  }
  return { at, top: top.sort((a, b) => a - b) };
}

/** Statements of one list that use a local, directly or in a nested list, by local. */
type Users = Map<number, CStatement[]>;

function collect(list: CStatement[], users: Map<CStatement[], Users>): Users {
  const here: Users = new Map();
  users.set(list, here);
  for (const statement of list) {
    const used = new Set<number>(ownLocals(statement));
    for (const inside of listsOf(statement))
      for (const index of collect(inside, users).keys()) used.add(index);
    for (const index of used) here.set(index, [...(here.get(index) ?? []), statement]);
  }
  return here;
}

/** The innermost list with all uses of a local, and its first statement that uses it. */
function innermost(body: CStatement[], index: number, users: Map<CStatement[], Users>) {
  let list = body;
  for (;;) {
    const [first, ...more] = users.get(list)!.get(index)!;
    const inside = listsOf(first!).filter((candidate) => users.get(candidate)!.has(index));
    if (more.length || inside.length !== 1 || ownLocals(first!).includes(index))
      return { list, first: first! };
    list = inside[0]!;
  }
}

/** Locals that a statement reads or sets itself, without nested statements. */
function ownLocals(statement: CStatement): number[] {
  const found: number[] = statement.kind === 'set' ? [statement.local] : [];
  for (const expression of conditionsOf(statement)) readLocals(expression, (index) => found.push(index));
  return found;
}

function reads(expression: Expression, index: number): boolean {
  let found = false;
  readLocals(expression, (local) => {
    found ||= local === index;
  });
  return found;
}
