import binaryen from 'binaryen';
import { SpikeletError } from '../../models/index.js';
import {
  type BinaryOp,
  binaryOps,
  type Expression,
  type Statement,
  type UnaryOp,
  unaryOps,
  type WasmCode,
  type WasmFunction,
} from './ir.js';

type Ref = binaryen.ExpressionRef;

/**
 * Passes that make the compiler's output printable: they inline accessors, fold constants, and move side
 * effects out of expressions. Locals keep their names, because no pass merges two of them.
 */
const passes = [
  ...['no-inline', 'inlining', 'duplicate-function-elimination', 'remove-unused-module-elements'],
  ...['precompute-propagate', 'merge-locals', 'simplify-locals', 'vacuum'],
  ...['optimize-instructions', 'precompute-propagate', 'remove-unused-brs'],
  ...['flatten', 'simplify-locals-notee-nostructure', 'remove-unused-names', 'merge-blocks'],
  ...['merge-locals', 'vacuum', 'precompute-propagate', 'optimize-instructions'],
  ...['simplify-locals-notee-nostructure', 'vacuum', 'remove-unused-names', 'merge-blocks'],
  ...['remove-unused-module-elements', 'reorder-locals'],
];

/** Functions of at most this size are inlined: field accessors. */
const INLINE_SIZE = 6;

/** Functions that are not inlined, because some cores have instructions for them (lanes.ts). */
const NOT_INLINED = 'assembly/lanes/*';

/**
 * Reads a module of 32-bit integers. Throws a SpikeletError that names the function and the instruction if
 * one cannot be printed.
 */
export function readWasm(bytes: Uint8Array): WasmCode {
  const module = binaryen.readBinary(bytes);
  try {
    // So that nothing is reported as invalid before it is refused by name.
    module.setFeatures(binaryen.Features.All);
    simplify(module);
    const functions: WasmFunction[] = [];
    const imports: WasmCode['imports'] = [];
    for (let i = 0; i < module.getNumFunctions(); i++) {
      const info = binaryen.getFunctionInfo(module.getFunctionByIndex(i));
      if (info.base) imports.push({ name: info.name, from: info.base });
      else functions.push(readFunction(module.getFunctionByIndex(i)));
    }
    const exports = new Map<string, string>();
    for (let i = 0; i < module.getNumExports(); i++) {
      const info = binaryen.getExportInfo(module.getExportByIndex(i));
      exports.set(info.name, info.value);
    }
    return { functions, imports, exports };
  } finally {
    module.dispose();
  }
}

function simplify(module: binaryen.Module): void {
  const before = {
    debug: binaryen.getDebugInfo(),
    level: binaryen.getOptimizeLevel(),
    always: binaryen.getAlwaysInlineMaxSize(),
    flexible: binaryen.getFlexibleInlineMaxSize(),
    once: binaryen.getOneCallerInlineMaxSize(),
  };
  try {
    binaryen.setDebugInfo(true);
    binaryen.setOptimizeLevel(2);
    binaryen.setAlwaysInlineMaxSize(INLINE_SIZE);
    binaryen.setFlexibleInlineMaxSize(INLINE_SIZE);
    binaryen.setOneCallerInlineMaxSize(INLINE_SIZE);
    binaryen.setPassArgument('no-inline', NOT_INLINED);
    module.runPasses(passes);
  } finally {
    binaryen.setDebugInfo(before.debug);
    binaryen.setOptimizeLevel(before.level);
    binaryen.setAlwaysInlineMaxSize(before.always);
    binaryen.setFlexibleInlineMaxSize(before.flexible);
    binaryen.setOneCallerInlineMaxSize(before.once);
    binaryen.setPassArgument('no-inline', null);
  }
}

/** Missing in binaryen's types. */
const { Function: names } = binaryen as unknown as { Function: binaryen.Module['Function'] };

function readFunction(ref: binaryen.FunctionRef): WasmFunction {
  const { name, params, results, vars, body } = binaryen.getFunctionInfo(ref);
  const parameters = binaryen.expandType(params);
  for (const type of [...parameters, ...vars, ...binaryen.expandType(results)])
    if (type !== binaryen.i32) throw refusal(name, 'a value that is not a 32-bit integer');
  const locals = [...parameters, ...vars].map((_, i) =>
    names.hasLocalName(ref, i) ? names.getLocalName(ref, i) : '',
  );
  const returns = results !== binaryen.none;
  return { name, locals, parameters: parameters.length, returns, body: statementsOf(body, name) };
}

const refusal = (where: string, what: string) =>
  new SpikeletError(`the WebAssembly function '${where}' has ${what}, which cannot be printed as C`, {
    hint: 'firmware is printed from the kernels of the swar tier, which use only 32-bit integers',
  });

const operations = <Name extends string>(names: readonly Name[], value: (name: string) => number) =>
  new Map(names.map((name) => [value(name), name]));

/** binaryen's names: `lt_s` is LtSInt32. */
const constantOf = (name: string): number => {
  const camel = name.replace(/(^|_)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
  const key = `${camel === 'Eqz' ? 'EqZ' : camel.replace('Extend8S', 'ExtendS8').replace('Extend16S', 'ExtendS16')}Int32`;
  return (binaryen as unknown as Record<string, number>)[key]!;
};
const unary: Map<number, UnaryOp> = operations(unaryOps, constantOf);
const binary: Map<number, BinaryOp> = operations(binaryOps, constantOf);

/** binaryen's name of an unsupported instruction, for the error. */
const nameOf = (id: number): string =>
  Object.entries(binaryen)
    .find(([name, value]) => name.endsWith('Id') && value === id)?.[0]
    .slice(0, -2) ?? `instruction ${id}`;

/** binaryen has no information about `unreachable`. */
function infoOf(ref: Ref, where: string): binaryen.ExpressionInfo {
  const id = binaryen.getExpressionId(ref);
  if (id === binaryen.UnreachableId) throw refusal(where, `the expression ${nameOf(id)}`);
  return binaryen.getExpressionInfo(ref);
}

function statementsOf(ref: Ref, where: string): Statement[] {
  if (!ref || binaryen.getExpressionId(ref) === binaryen.NopId) return [];
  const info = infoOf(ref, where);
  const expression = (part: Ref) => expressionOf(part, where);
  switch (info.id) {
    case binaryen.BlockId: {
      const { name, children } = info as binaryen.BlockInfo;
      const body = children.flatMap((child) => statementsOf(child, where));
      return name ? [{ kind: 'block', label: name, body }] : body;
    }
    case binaryen.LoopId: {
      const { name, body } = info as binaryen.LoopInfo;
      return [{ kind: 'loop', label: name, body: statementsOf(body, where) }];
    }
    case binaryen.IfId: {
      const { condition, ifTrue, ifFalse } = info as binaryen.IfInfo;
      return [
        {
          kind: 'if',
          condition: expression(condition),
          yes: statementsOf(ifTrue, where),
          no: statementsOf(ifFalse, where),
        },
      ];
    }
    case binaryen.BreakId: {
      const { name, condition, value } = info as binaryen.BreakInfo;
      if (value) throw refusal(where, 'a branch with a value');
      return [{ kind: 'branch', label: name, ...(condition ? { condition: expression(condition) } : {}) }];
    }
    case binaryen.SwitchId: {
      const { names, defaultName, condition } = info as binaryen.SwitchInfo;
      return [{ kind: 'switch', value: expression(condition), labels: names, otherwise: defaultName ?? '' }];
    }
    case binaryen.LocalSetId: {
      const { index, value, isTee } = info as binaryen.LocalSetInfo;
      if (isTee) throw refusal(where, 'a local.tee');
      return [{ kind: 'set', local: index, value: expression(value) }];
    }
    case binaryen.StoreId: {
      const { bytes, offset, ptr, value, isAtomic } = info as binaryen.StoreInfo;
      if (isAtomic) throw refusal(where, 'an atomic store');
      return [{ kind: 'store', bytes, offset, address: expression(ptr), value: expression(value) }];
    }
    case binaryen.CallId:
      return [{ kind: 'call', call: expression(ref) as Expression & { kind: 'call' } }];
    case binaryen.DropId: {
      const { value } = info as binaryen.DropInfo;
      const dropped = expression(value);
      return dropped.kind === 'call' ? [{ kind: 'call', call: dropped }] : [];
    }
    case binaryen.ReturnId: {
      const { value } = info as binaryen.ReturnInfo;
      return [{ kind: 'return', ...(value ? { value: expression(value) } : {}) }];
    }
    default:
      // The value of a function, at the end of its body.
      return [{ kind: 'return', value: expression(ref) }];
  }
}

function expressionOf(ref: Ref, where: string): Expression {
  const info = infoOf(ref, where);
  const expression = (part: Ref) => expressionOf(part, where);
  switch (info.id) {
    case binaryen.ConstId: {
      const { value, type } = info as binaryen.ConstInfo;
      if (type !== binaryen.i32) throw refusal(where, 'a constant that is not a 32-bit integer');
      return { kind: 'const', value: value as number };
    }
    case binaryen.LocalGetId:
      return { kind: 'local', index: (info as binaryen.LocalGetInfo).index };
    case binaryen.LoadId: {
      const { bytes, isSigned, isAtomic, offset, ptr, type } = info as binaryen.LoadInfo;
      if (isAtomic || type !== binaryen.i32) throw refusal(where, 'an atomic load or a load of another type');
      return { kind: 'load', bytes, signed: isSigned, offset, address: expression(ptr) };
    }
    case binaryen.UnaryId: {
      const { op, value } = info as binaryen.UnaryInfo;
      const name = unary.get(op);
      if (!name) throw refusal(where, `the unary operation ${op}`);
      return { kind: 'unary', op: name, value: expression(value) };
    }
    case binaryen.BinaryId: {
      const { op, left, right } = info as binaryen.BinaryInfo;
      const name = binary.get(op);
      if (!name) throw refusal(where, `the binary operation ${op}`);
      return { kind: 'binary', op: name, left: expression(left), right: expression(right) };
    }
    case binaryen.IfId:
    case binaryen.SelectId: {
      const { condition, ifTrue, ifFalse } = info as binaryen.SelectInfo | binaryen.IfInfo;
      return {
        kind: 'select',
        condition: expression(condition),
        yes: expression(ifTrue),
        no: expression(ifFalse),
      };
    }
    case binaryen.CallId: {
      const { target, operands, isReturn } = info as binaryen.CallInfo;
      if (isReturn) throw refusal(where, 'a tail call');
      return { kind: 'call', target, operands: operands.map(expression) };
    }
    default:
      throw refusal(where, `the expression ${nameOf(info.id)}`);
  }
}
