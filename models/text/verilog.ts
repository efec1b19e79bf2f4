import { ascii } from '../ascii.js';

/**
 * Text from files in Verilog; what these functions return is safe in its place, for simulators and for
 * synthesis.
 */

/** Programs that read directives in comments: `// verilator lint_off WIDTH`, `// synthesis translate_off`. */
const directive =
  /^(\W*)(?=(altera|ambit|cadence|coverage|exemplar|pragma|quartus|synopsys|synthesis|vcs|verilator|xilinx)\b)/i;

/**
 * For a line comment, or a block: it does not end the comment, does not continue on the next line and holds
 * no directives.
 */
export const verilogComment = (text: string): string =>
  ascii(text)
    .replace(/\\/g, '|')
    .replace(/\*(?=\/)|\/(?=\*)/g, '$& ')
    .replace(directive, "$1'");

/** A string literal with its quotes, of printable ASCII. */
export const verilogString = (text: string): string => `"${ascii(text).replace(/["\\]/g, '\\$&')}"`;

/** Any name as letters, digits and underscores, a letter first. */
export const verilogIdentifier = (name: string): string => {
  const letters = name.replace(/[^A-Za-z0-9_]/g, '_');
  return /^[A-Za-z]/.test(letters) ? letters : `n_${letters}`;
};
