import type { Expression, Statement } from './ir.js';

/** C statements: loops, and gotos only where no loop, `break` or `continue` does the same. */
export type CStatement =
  | Extract<Statement, { kind: 'set' | 'store' | 'call' | 'return' }>
  | { kind: 'if'; condition: Expression; yes: CStatement[]; no: CStatement[] }
  | { kind: 'while'; condition: Expression; body: CStatement[] }
  | { kind: 'do'; condition: Expression; body: CStatement[] }
  | { kind: 'forever'; body: CStatement[] }
  | { kind: 'switch'; value: Expression; cases: Case[] }
  | { kind: 'label'; label: string }
  | { kind: 'goto'; label: string }
  | { kind: 'break' | 'continue' };

/** `values` empty: the default. No case falls through to the next. */
export type Case = { values: number[]; body: CStatement[] };

/** Labels that are reached at the end of the list, by `break` and by `continue`. */
type JumpTargets = { next: ReadonlySet<string>; breaks: ReadonlySet<string>; continues: ReadonlySet<string> };

const none: ReadonlySet<string> = new Set();
const RETURN = 'return';

/** The body of a function; `returns`: with a value. */
export function structure(body: Statement[], returns: boolean): CStatement[] {
  const jumps = new Set<string>();
  const next = returns ? none : new Set([RETURN]);
  return withoutUnused(list(body, { next, breaks: none, continues: none }, jumps), jumps);
}

const negate = (value: Expression): Expression =>
  value.kind === 'unary' && value.op === 'eqz' ? value.value : { kind: 'unary', op: 'eqz', value };

/** `jumps` collects the labels that a goto needs. */
function list(statements: Statement[], context: JumpTargets, jumps: Set<string>): CStatement[] {
  const result: CStatement[] = [];
  for (const [i, statement] of statements.entries()) {
    const rest = statements.slice(i + 1);
    const next = rest.length ? none : context.next;
    switch (statement.kind) {
      case 'block': {
        const chain = switchOf(statement, next, context, jumps);
        if (chain) {
          result.push(chain);
          break;
        }
        const inside = { ...context, next: new Set([...next, statement.label]) };
        result.push(...list(statement.body, inside, jumps), { kind: 'label', label: statement.label });
        break;
      }
      case 'loop':
        result.push(...loop(statement, next, jumps));
        break;
      case 'if': {
        const last = statement.yes.at(-1);
        const leaves = last?.kind === 'branch' && !last.condition && context.next.has(last.label);
        if (leaves && !statement.no.length) {
          // It skips the rest, so the rest becomes the else.
          const yes = list(statement.yes, context, jumps);
          const no = list(rest, context, jumps);
          if (yes.length) return [...result, { kind: 'if', condition: statement.condition, yes, no }];
        }
        const inside = { ...context, next };
        const yes = list(statement.yes, inside, jumps);
        const no = list(statement.no, inside, jumps);
        if (yes.length) result.push({ kind: 'if', condition: statement.condition, yes, no });
        else if (no.length)
          result.push({ kind: 'if', condition: negate(statement.condition), yes: no, no: [] });
        break;
      }
      case 'branch': {
        const { label, condition } = statement;
        if (!condition) return [...result, ...jump(label, { ...context }, jumps)];
        if (context.next.has(label)) {
          // Skips the rest.
          const yes = list(rest, context, jumps);
          return yes.length ? [...result, { kind: 'if', condition: negate(condition), yes, no: [] }] : result;
        }
        result.push({ kind: 'if', condition, yes: jump(label, context, jumps), no: [] });
        break;
      }
      case 'switch': {
        const cases = casesOf(statement).map(({ label, values }) => ({
          values,
          body: jump(label, { next: none, breaks: none, continues: context.continues }, jumps),
        }));
        return [...result, { kind: 'switch', value: statement.value, cases }];
      }
      case 'return':
        return !statement.value && context.next.has(RETURN) ? result : [...result, statement];
      default:
        result.push(statement);
    }
  }
  return result;
}

function jump(label: string, { next, breaks, continues }: JumpTargets, jumps: Set<string>): CStatement[] {
  if (next.has(label)) return [];
  if (breaks.has(label)) return [{ kind: 'break' }];
  if (continues.has(label)) return [{ kind: 'continue' }];
  jumps.add(label);
  return [{ kind: 'goto', label }];
}

const branchesTo = (statements: Statement[], label: string): boolean =>
  statements.some((statement) => {
    if (statement.kind === 'branch') return statement.label === label;
    if (statement.kind === 'switch') return [...statement.labels, statement.otherwise].includes(label);
    if (statement.kind === 'if') return branchesTo(statement.yes, label) || branchesTo(statement.no, label);
    return 'body' in statement && branchesTo(statement.body, label);
  });

function loop(
  { label, body }: Statement & { kind: 'loop' },
  breaks: ReadonlySet<string>,
  jumps: Set<string>,
): CStatement[] {
  const continues = new Set([label]);
  const last = body.at(-1);
  const before = body.slice(0, -1);
  const isBack = (statement: Statement | undefined) =>
    statement?.kind === 'branch' && statement.label === label && !statement.condition;
  // A goto to the start of a while or forever; unused ones are dropped again.
  const start: CStatement = { kind: 'label', label };
  if (last?.kind === 'if' && !last.no.length && isBack(last.yes.at(-1))) {
    const inside = { next: continues, breaks, continues };
    const again = last.yes.slice(0, -1);
    if (!before.length)
      return [start, { kind: 'while', condition: last.condition, body: list(again, inside, jumps) }];
    const head = list(before, { next: none, breaks, continues }, jumps);
    const exit: CStatement = {
      kind: 'if',
      condition: negate(last.condition),
      yes: [{ kind: 'break' }],
      no: [],
    };
    return [start, { kind: 'forever', body: [...head, exit, ...list(again, inside, jumps)] }];
  }
  if (last?.kind === 'branch' && last.label === label && last.condition && !branchesTo(before, label)) {
    const inside = list(before, { next: none, breaks, continues: none }, jumps);
    return [{ kind: 'do', condition: last.condition, body: inside }];
  }
  // Reaching the end of a WebAssembly loop leaves it.
  const left: Statement = { kind: 'branch', label: `after ${label}` };
  const exits = new Set([...breaks, left.label]);
  return [
    start,
    { kind: 'forever', body: list([...body, left], { next: continues, breaks: exits, continues }, jumps) },
  ];
}

/** Targets of a switch with the values that select them; the default comes last and includes its values. */
function casesOf({ labels, otherwise }: Statement & { kind: 'switch' }) {
  const found = new Map<string, number[]>();
  labels.forEach((label, value) => {
    if (label !== otherwise) found.set(label, [...(found.get(label) ?? []), value]);
  });
  return [
    ...[...found].map(([label, values]) => ({ label, values })),
    { label: otherwise, values: [] as number[] },
  ];
}

/**
 * A switch is compiled to nested blocks with the jump in the innermost; the code after each block is a case.
 * Undefined if a case falls through to the next, or the blocks contain anything else.
 */
function switchOf(
  outer: Statement & { kind: 'block' },
  next: ReadonlySet<string>,
  { continues }: JumpTargets,
  jumps: Set<string>,
): CStatement | undefined {
  const bodies = new Map<string, Statement[]>();
  let block = outer;
  let found: Statement | undefined;
  for (;;) {
    const [first, ...after] = block.body;
    if (first?.kind === 'switch' && !after.length) {
      found = first;
      break;
    }
    if (first?.kind !== 'block') return undefined;
    bodies.set(first.label, after);
    block = first;
  }
  if (found.kind !== 'switch') return undefined;
  const out = outer.label;
  const ends = (body: Statement[] | undefined) => {
    const last = body?.at(-1);
    return last?.kind === 'return' || (last?.kind === 'branch' && last.label === out && !last.condition);
  };
  const [second] = outer.body;
  const cases: Case[] = [];
  for (const { label, values } of casesOf(found)) {
    const body = label === out ? [] : bodies.get(label);
    if (!body) return undefined;
    // Code after the second block runs to the end; other code would fall through to the next case.
    const isLast = label === out || (second?.kind === 'block' && second.label === label);
    if (!isLast && !ends(body)) return undefined;
    const breaks = new Set([...next, out]);
    const inside = { next: breaks, breaks, continues };
    const printed = list(body, inside, jumps);
    const last = printed.at(-1)?.kind;
    if (last !== 'return') printed.push({ kind: 'break' });
    cases.push({ values, body: printed });
  }
  return { kind: 'switch', value: found.value, cases };
}

function withoutUnused(statements: CStatement[], jumps: ReadonlySet<string>): CStatement[] {
  const inside = (body: CStatement[]) => withoutUnused(body, jumps);
  return statements.flatMap((statement): CStatement[] => {
    switch (statement.kind) {
      case 'label':
        return jumps.has(statement.label) ? [statement] : [];
      case 'if':
        return [{ ...statement, yes: inside(statement.yes), no: inside(statement.no) }];
      case 'while':
      case 'do':
      case 'forever':
        return [{ ...statement, body: inside(statement.body) }];
      case 'switch':
        return [{ ...statement, cases: statement.cases.map((c) => ({ ...c, body: inside(c.body) })) }];
      default:
        return [statement];
    }
  });
}
