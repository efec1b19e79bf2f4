import { uniqueNames } from '../../../models/text/unique.js';
import { verilogIdentifier, verilogString } from '../../../models/text/verilog.js';

/** The stream of pixels. */
export const pixels = 'pixels';

/** Suffixes that a layer's own streams, wires and instances add to its name. */
const suffix =
  /_(in|residual|word|sum|tap|last|unused|window|accumulate|fire|charge|fork|fifo|valid|ready|data|offered|room)$/;

/**
 * Turns a Graph's names into Verilog names that are unique and do not collide with a port or a part of
 * another layer.
 */
export function identifiers(): (name: string) => string {
  const known = new Map<string, string>();
  // Also used as file names, and some file systems do not distinguish `Conv` from `conv`.
  const unique = uniqueNames(layerName, [pixels], (id) => id.toLowerCase());
  return (name) => {
    const id = known.get(name) ?? unique(name);
    known.set(name, id);
    return id;
  };
}

function layerName(name: string): string {
  const letters = verilogIdentifier(name);
  const ours = /^(i|o|unused|spikes)(_|$)/.test(letters);
  return `${ours ? 'n_' : ''}${letters}${suffix.test(letters) ? '_layer' : ''}`;
}

export const range = (bits: number): string => (bits === 1 ? '' : `[${bits - 1}:0] `);

/** An instance of a core; a parameter that is text is a file in FOLDER. */
export function instance(
  core: string,
  name: string,
  parameters: Record<string, number | string>,
  ports: Record<string, string>,
): string {
  const set = Object.entries(parameters).map(
    ([key, value]) => `.${key}(${typeof value === 'string' ? `{FOLDER, ${verilogString(value)}}` : value})`,
  );
  const wired = Object.entries(ports).map(([key, value]) => `.${key}(${value})`);
  return `  ${core} #(\n${folded(set)}\n  ) ${name} (\n${folded(['.i_clk(i_clk)', '.i_rst(i_rst)', ...wired])}\n  );\n`;
}

/** Joins items into lines of at most about 110 characters. */
function folded(items: string[]): string {
  const lines: string[] = [];
  for (const item of items.map((text, at) => (at < items.length - 1 ? `${text},` : text))) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + item.length < 110) lines[lines.length - 1] = `${last} ${item}`;
    else lines.push(`      ${item}`);
  }
  return lines.join('\n');
}

/** The wires of a stream: `NAME_valid`, `NAME_ready` and `NAME_data`. */
export const streamWires = (name: string, bits: number): string =>
  `  wire ${name}_valid, ${name}_ready;\n  wire ${range(bits)}${name}_data;\n`;

/** Extends `name` from `from` to `to` bits, with its sign if it is signed. */
export const widened = (name: string, from: number, to: number, signed: boolean): string =>
  to <= from
    ? name
    : `{{${to - from}{${signed ? `${name}${from === 1 ? '' : `[${from - 1}]`}` : "1'b0"}}}, ${name}}`;
