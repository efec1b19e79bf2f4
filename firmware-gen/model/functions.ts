import { declare } from './declarations.js';
import { addressOf, conditionText, type Scope, valueText, writeMacro } from './expressions.js';
import type { Expression, WasmFunction } from './ir.js';
import { laneInstructions } from './lanes.js';
import { unusedParameters, withoutCopies } from './locals.js';
import { uniqueIdentifiers, withoutNumber } from './names.js';
import { type CStatement, structure } from './structure.js';

/** The function in which wasm/emit.ts calls the function of a node's layer. */
const ENTER = 'model/run';

/** C names of callees. */
export type Callees = {
  name(target: string): string;
  /** The record that a callee's parameter points to. */
  record(target: string, parameter: number): 'node' | 'model' | undefined;
};

/** Prints a function; `comment` says what it computes. */
export function printFunction(wasm: WasmFunction, callees: Callees, comment: string[]): string {
  const code = withoutCopies(wasm);
  const body = structure(code.body, code.returns);
  const { at, top } = declare(body, code.parameters);
  const names = localNames(code);
  const scope: Scope = {
    local: (index) => names[index]!,
    record: (index) => (index < code.parameters ? callees.record(code.name, index) : undefined),
    call: (target, operands) =>
      `${callees.name(target)}(${operands.map((operand, i) => argument(target, operand, i)).join(', ')})`,
  };
  const argument = (target: string, operand: Expression, i: number): string => {
    const wanted = callees.record(target, i);
    if (!wanted) return valueText(operand, scope);
    if (operand.kind === 'local' && scope.record(operand.index) === wanted) return names[operand.index]!;
    return `(const struct ${wanted} *)(${valueText(operand, scope)})`;
  };
  const unused = unusedParameters(code).map((index) => `(void)${names[index]!};`);
  // The one function that runs every layer; from here on, accesses belong to that layer.
  const enter = code.name === ENTER ? [`ENTER(${names[0]!});`] : [];
  const declared = top.map((index) => `u32 ${names[index]!} = 0;`);
  const lines = indent([...unused, ...enter, ...declared, ...printList(body, scope, at)]);
  return [
    ...(comment.length ? ['/*', ...comment.map((line) => ` * ${line}`), ' */'] : []),
    `${signature(code, callees, names)} {`,
    ...forCores(code, names, lines),
    '}',
    '',
  ].join('\n');
}

/** A body, with alternatives for cores that have better instructions for it. */
function forCores({ name, parameters }: WasmFunction, names: string[], lines: string[]): string[] {
  const special = laneInstructions.flatMap(({ when, bodies }) => {
    const body = bodies.get(name)?.(names.slice(0, parameters));
    return body ? [{ when, body: indent(body) }] : [];
  });
  if (!special.length) return lines;
  return [
    ...special.flatMap(({ when, body }, i) => [`#${i ? 'elif' : 'if'} defined(${when})`, ...body]),
    ...['#else', ...lines, '#endif'],
  ];
}

/** Declares a function before its definition. */
export const printPrototype = (code: WasmFunction, callees: Callees): string =>
  `${signature(code, callees, localNames(code))};`;

function signature(code: WasmFunction, callees: Callees, names: string[]): string {
  const parameters = names.slice(0, code.parameters).map((name, i) => {
    const record = callees.record(code.name, i);
    return record ? `const struct ${record} *${name}` : `u32 ${name}`;
  });
  const inline = laneInstructions.some(({ bodies }) => bodies.has(code.name)) ? 'inline ' : '';
  return `static ${inline}${code.returns ? 'u32' : 'void'} ${callees.name(code.name)}(${parameters.join(', ') || 'void'})`;
}

/** Values with the same name in the source share it, with numbers; unnamed ones are t1, t2 ... */
function localNames({ locals }: WasmFunction): string[] {
  let unnamed = 0;
  return uniqueIdentifiers(
    locals.map((name) => (name && !/^\d+$/.test(name) ? withoutNumber(name) : `t${++unnamed}`)),
  );
}

const indent = (lines: string[]): string[] => lines.map((line) => (line.endsWith(':;') ? line : `  ${line}`));

function printList(list: CStatement[], scope: Scope, at: Map<CStatement, number>): string[] {
  const inside = (body: CStatement[]) => indent(printList(body, scope, at));
  return list.flatMap((statement): string[] => {
    switch (statement.kind) {
      case 'set': {
        const name = scope.local(statement.local);
        return [
          `${at.has(statement) ? 'u32 ' : ''}${assignment(name, statement.local, statement.value, scope, at.has(statement))};`,
        ];
      }
      case 'store': {
        const target = `${writeMacro(statement.bytes)}(${addressOf(statement.address, statement.offset, scope)})`;
        return [`${target} = ${valueText(statement.value, scope)};`];
      }
      case 'call':
        return [`${scope.call(statement.call.target, statement.call.operands)};`];
      case 'if':
        return [
          `if (${conditionText(statement.condition, scope)}) {`,
          ...inside(statement.yes),
          ...(statement.no.length ? ['} else {', ...inside(statement.no)] : []),
          '}',
        ];
      case 'while':
        return [`while (${conditionText(statement.condition, scope)}) {`, ...inside(statement.body), '}'];
      case 'do':
        return ['do {', ...inside(statement.body), `} while (${conditionText(statement.condition, scope)});`];
      case 'forever':
        return ['for (;;) {', ...inside(statement.body), '}'];
      case 'switch':
        return [
          `switch (${valueText(statement.value, scope)}) {`,
          ...statement.cases.flatMap(({ values, body }) => [
            ...(values.length ? values.map((value) => `case ${value}:`) : ['default:']).map(
              (label, i, labels) => (i + 1 === labels.length ? `${label} {` : label),
            ),
            ...inside(body),
            '}',
          ]),
          '}',
        ];
      case 'label':
        return [`${labelName(statement.label)}:;`];
      case 'goto':
        return [`goto ${labelName(statement.label)};`];
      case 'return':
        return [statement.value ? `return ${valueText(statement.value, scope)};` : 'return;'];
      default:
        return [`${statement.kind};`];
    }
  });
}

const labelName = (label: string): string => label.replace(/\W+/g, '_');

/** Prints `n = n + 4` as `n += 4`. */
function assignment(name: string, local: number, value: Expression, scope: Scope, declares: boolean): string {
  if (!declares && value.kind === 'binary') {
    const { op, left, right } = value;
    const isLocal = (part: Expression) => part.kind === 'local' && part.index === local;
    if (op === 'add' && isLocal(left)) {
      if (right.kind === 'const' && right.value < 0 && right.value > -65536)
        return `${name} -= ${-right.value}`;
      return `${name} += ${valueText(right, scope)}`;
    }
    if (op === 'add' && isLocal(right)) return `${name} += ${valueText(left, scope)}`;
    if (op === 'sub' && isLocal(left)) return `${name} -= ${valueText(right, scope)}`;
  }
  return `${name} = ${valueText(value, scope)}`;
}
