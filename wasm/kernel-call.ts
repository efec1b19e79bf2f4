/**
 * What a kernel's parameters are bound to: a constant, or an expression of the generated function such as
 * `End.Fire`.
 */
export type Arguments = Record<string, number | boolean | string>;

/** One call of a kernel: its types and constants by their names in the kernel's source. */
export type KernelCall = {
  /** The kernel's function, and its file in assembly/. */
  kernel: string;
  types: Record<string, string>;
  /** In groups; no name may be given twice. */
  args: Arguments[];
};

/**
 * A kernel's type parameters, and its parameters after `node, row, rows`, line by line as its source groups
 * them.
 */
export type Signature = { types: string[]; lines: string[][] };

/** A kernel's signature, by the kernel's name, which may be in a folder; `lead`: what it takes first. */
export type Signatures = (kernel: string, lead?: readonly string[]) => Signature;

/** What every kernel takes first; the generated function hands it on. */
const BAND = ['node', 'row', 'rows'];

/**
 * Reads the signature of the exported function `kernel`, which takes `lead` first, from its AssemblyScript
 * source.
 */
export function parseSignature(source: string, kernel: string, lead: readonly string[] = BAND): Signature {
  const [, types = '', parameters] =
    new RegExp(`^export function ${kernel}(?:<([^>]*)>)?\\(([^)]*)\\): (?:void|i32) \\{`, 'm').exec(source) ??
    [];
  if (parameters === undefined) throw new Error(`assembly/${kernel}.ts exports no function ${kernel}`);
  const [band, ...lines] = parameters
    .split('\n')
    .map((line) => [...line.matchAll(/(\w+):/g)].map(([, name]) => name!))
    .filter((names) => names.length);
  if (band?.join() !== lead.join())
    throw new Error(
      `the first line of ${kernel}'s parameters must be ${lead.join(', ')}, got ${band?.join(', ')}`,
    );
  return {
    types: types
      .split(',')
      .map((type) => type.trim())
      .filter(Boolean),
    lines,
  };
}

/**
 * The types and arguments of a call in the order of `signature`. Throws if a name is unknown, missing or
 * given twice.
 */
export function orderCall(
  { kernel, types, args }: KernelCall,
  signature: Signature,
): { types: string[]; lines: { names: string[]; values: Arguments[string][] }[] } {
  const given: Arguments = {};
  for (const [name, value] of args.flatMap((group) => Object.entries(group))) {
    if (Object.hasOwn(given, name)) throw new Error(`${kernel}: '${name}' is given twice`);
    given[name] = value;
  }
  checkNames(`${kernel}<>`, Object.keys(types), signature.types);
  checkNames(kernel, Object.keys(given), signature.lines.flat());
  return {
    types: signature.types.map((name) => types[name]!),
    lines: signature.lines.map((names) => ({ names, values: names.map((name) => given[name]!) })),
  };
}

function checkNames(what: string, given: string[], wanted: string[]): void {
  const unknown = given.filter((name) => !wanted.includes(name));
  const missing = wanted.filter((name) => !given.includes(name));
  if (unknown.length) throw new Error(`${what} has no parameter ${unknown.join(', ')}`);
  if (missing.length) throw new Error(`${what} needs ${missing.join(', ')}`);
}
