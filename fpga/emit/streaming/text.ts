import { uniqueNames } from '../../../models/text/unique.js';
import { verilogIdentifier, verilogString } from '../../../models/text/verilog.js';

/** The stream of the pixels. */
export const pixels = 'pixels';

/** What a layer's own streams, wires and instances are called behind its name. */
const suffix =
  /_(in|residual|word|sum|tap|last|unused|window|accumulate|fire|charge|fork|fifo|valid|ready|data|offered|room)$/;

/** Names of Verilog from a Graph's: each its own, and none that a port or a part of another layer has. */
export function identifiers(): (name: string) => string {
  const known = new Map<string, string>();
  // Names of files are made of them, and some disks do not tell `Conv` from `conv`.
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

/** Items on lines of at most some 110 characters. */
function folded(items: string[]): string {
  const lines: string[] = [];
  for (const item of items.map((text, at) => (at < items.length - 1 ? `${text},` : text))) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + item.length < 110) lines[lines.length - 1] = `${last} ${item}`;
    else lines.push(`      ${item}`);
  }
  return lines.join('\n');
}

/** A stream: `NAME_valid`, `NAME_ready` and `NAME_data`. */
export const streamWires = (name: string, bits: number): string =>
  `  wire ${name}_valid, ${name}_ready;\n  wire ${range(bits)}${name}_data;\n`;

/** `name` in `from` bits as one of `to` bits; widened by its sign where it has one. */
export const widened = (name: string, from: number, to: number, signed: boolean): string =>
  to <= from
    ? name
    : `{{${to - from}{${signed ? `${name}${from === 1 ? '' : `[${from - 1}]`}` : "1'b0"}}}, ${name}}`;
