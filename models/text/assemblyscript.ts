import { ascii } from '../ascii.js';

/** Text from files in AssemblyScript and JavaScript. */

/** For a comment, block or line. */
export const scriptComment = (text: string): string => ascii(text).replace(/\*(?=\/)|\/(?=\*)/g, '$& ');

/** Any name as the begin of an identifier; with a number behind it is no reserved word and one of its own. */
export const scriptIdentifier = (name: string): string => name.replace(/\W+/g, '_').replace(/^(?=\d)/, '_');
