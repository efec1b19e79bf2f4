import type { Refuse } from '../../../system/refusal.js';
import { CUT } from './events.js';

const MAX_HEAD = 2 ** 16;

/**
 * The leading lines of a file that begin with `mark`, without line ends, and the byte after them. They end at a line that
 * begins otherwise or is not text, or after the one that matches `last`.
 */
export function textHead(
  bytes: Uint8Array,
  mark: string,
  refuse: Refuse,
  last?: RegExp,
): { lines: string[]; at: number } {
  const lines: string[] = [];
  let at = 0;
  while (at < bytes.length && bytes[at] === mark.charCodeAt(0)) {
    const end = bytes.indexOf(10, at);
    const ended = end >= 0 && end <= MAX_HEAD;
    if (!ended && !lines.length) return refuse(`its header does not end within ${MAX_HEAD} bytes`, CUT);
    const line = ended ? Buffer.from(bytes.subarray(at, end)).toString('latin1').replace(/\r$/, '') : '';
    // The first byte of data may be that of the mark.
    if (!ended || [...line].some((c) => c < ' ' && c !== '\t')) break;
    lines.push(line);
    at = end + 1;
    if (last?.test(line)) break;
  }
  return { lines, at };
}

/** Refuses records of `each` bytes that do not fill the rest of a file. */
export function requireRecords(bytes: Uint8Array, at: number, each: number, refuse: Refuse): void {
  const rest = (bytes.length - at) % each;
  if (rest) refuse(`it ends within a record: ${rest} of ${each} bytes are there`, CUT);
}
