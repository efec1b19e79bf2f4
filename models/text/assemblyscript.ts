import { ascii } from '../ascii.js';

/** Text from files in AssemblyScript and JavaScript. */

/** For a comment, block or line. */
export const scriptComment = (text: string): string => ascii(text).replace(/\*(?=\/)|\/(?=\*)/g, '$& ');

/** Any name as the start of an identifier; a number after it makes it unique and not a reserved word. */
export const scriptIdentifier = (name: string): string => name.replace(/\W+/g, '_').replace(/^(?=\d)/, '_');
