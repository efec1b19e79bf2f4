import { ascii } from '../models/ascii.js';

/** A stranger's text, of a file or a device, for one line: it must not control the terminal. */
export const printable = (text: string): string => ascii(text).slice(0, 80);
