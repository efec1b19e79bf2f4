import { constants } from 'node:fs';
import { type FileHandle, open, stat, truncate } from 'node:fs/promises';
import { exitCode, SpikeletError } from '../../models/error.js';
import { reasonOf, writeFile } from './files.js';
import { hold } from './lock.js';
import { requireNoInput } from './output.js';

/** A file to which a command appends one JSON line at a time; a later run continues it. */
export type JsonLines = {
  /** The file held something else and was cleared by `force`: forget the lines already taken from it. */
  restarted: boolean;
  append(line: string): Promise<void>;
  close(): Promise<void>;
};

export type LinesRule = {
  /** 'the results', for errors. */
  what: string;
  /** The flag that names another file. */
  flag: string;
  /** Throws or returns false for a line that is not this command's; called for each line, in order. */
  take(line: string): boolean;
  /**
   * Whether an unfinished last line, left by an interrupted write, is the start of one of this command's
   * lines.
   */
  isStart(text: string): boolean;
  /** Files that the command reads. */
  inputs?: (string | undefined)[];
  /** Start over, whatever the file holds. */
  force?: boolean | undefined;
};

/** No line that spikelet writes is longer. */
const MAX_LINE = 2 ** 16;

/**
 * Opens `path` for appending. Existing contents are kept, and not touched before every line is known to be
 * this command's own; otherwise the file is refused or, with `force`, started over. An unfinished last line
 * is cut off. One process at a time: others are refused, and a file that changes under this one is left as it
 * is. Devices and pipes are written to, never read.
 */
export async function openLines(path: string, rule: LinesRule): Promise<JsonLines> {
  const release = await hold(path);
  try {
    const info = await stat(path).catch(() => undefined);
    const regular = !info || info.isFile();
    if (regular && !rule.force) await requireNoInput(path, rule.inputs ?? []);
    const own = info?.isFile() ? await ownSize(path, rule) : 0;
    const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;
    const file = await open(path, flags, 0o666).catch((error) => {
      throw cannotWrite(path, rule, error);
    });
    const size = regular ? (own ?? 0) : undefined;
    return { restarted: own === undefined, ...appender(path, { file, size, rule, release }) };
  } catch (error) {
    release();
    throw error;
  }
}

function appender(
  path: string,
  opened: { file: FileHandle; size: number | undefined; rule: LinesRule; release: () => void },
): Omit<JsonLines, 'restarted'> {
  const { file, rule, release } = opened;
  let { size } = opened;
  return {
    async append(line) {
      const bytes = new TextEncoder().encode(`${line}\n`);
      if (size !== undefined && (await file.stat()).size !== size)
        throw new SpikeletError(`${path} was changed by another program while this one wrote ${rule.what}`, {
          hint: 'nothing more was written; run the same command again, with nothing else writing to the file',
        });
      try {
        for (let at = 0; at < bytes.length; ) at += (await file.write(bytes.subarray(at))).bytesWritten;
      } catch (error) {
        // The disk may be full: a partial line would only be cut off by the next run.
        if (size !== undefined) await file.truncate(size).catch(() => undefined);
        throw cannotWrite(path, rule, error);
      }
      if (size !== undefined) size += bytes.length;
    },
    async close() {
      await file.close();
      release();
    },
  };
}

const cannotWrite = (path: string, { what, flag }: LinesRule, cause: unknown): SpikeletError =>
  new SpikeletError(`cannot write ${what} to ${path}: ${reasonOf(cause)}`, {
    hint: `choose another file with ${flag}`,
    cause,
  });

/**
 * Bytes of the file that are this command's own, after an unfinished last line was cut off; undefined if the
 * file held something else and was cleared by `force`. Throws if it holds something else.
 */
async function ownSize(path: string, rule: LinesRule): Promise<number | undefined> {
  const found = await readLines(path, rule);
  if (found.foreign !== undefined) {
    if (!rule.force)
      throw new SpikeletError(`${path}, line ${found.foreign} is not one of ${rule.what} of this run`, {
        hint: `the file is unchanged; name another with ${rule.flag}, or use --force to start it over`,
        code: exitCode.usage,
      });
    await writeFile(path, '');
    return undefined;
  }
  if (found.whole < found.size)
    await truncate(path, found.whole).catch((error) => {
      throw cannotWrite(path, rule, error);
    });
  return found.whole;
}

/** Passes each whole line to the rule; stops at the first that it rejects (`foreign`, counted from 1). */
async function readLines(
  path: string,
  { take, isStart }: LinesRule,
): Promise<{ whole: number; size: number; foreign?: number }> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause) => {
    throw new SpikeletError(`cannot read ${path}: ${reasonOf(cause)}`, { hint: 'check the path', cause });
  });
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const own = (bytes: Uint8Array, check: (text: string) => boolean): boolean => {
      try {
        return bytes.length <= MAX_LINE && check(decoder.decode(bytes));
      } catch {
        return false;
      }
    };
    let rest = Buffer.alloc(0);
    let [whole, line] = [0, 1];
    const chunk = Buffer.alloc(MAX_LINE);
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
      if (!bytesRead) break;
      rest = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
        if (!own(rest.subarray(0, end), take)) return { whole, size: whole, foreign: line };
        rest = rest.subarray(end + 1);
        whole += end + 1;
        line++;
      }
      if (rest.length > MAX_LINE) return { whole, size: whole, foreign: line };
    }
    // The file may end in the middle of a character.
    const torn = new TextDecoder().decode(rest).replace(/\ufffd+$/, '');
    if (rest.length && !isStart(torn)) return { whole, size: whole + rest.length, foreign: line };
    return { whole, size: whole + rest.length };
  } finally {
    await file.close();
  }
}
