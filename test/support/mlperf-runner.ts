import { openSerial } from './firmware-serial.js';

/** What an `infer` told, in the words of the public runner's results. */
export type Inferred = { results: number[]; resultsText: string; elapsedUs: number };

export type Runner = {
  name: string;
  profile: string;
  model: string;
  /** Sends a command; the lines of its answer without `m-ready`. */
  command(text: string): Promise<string[]>;
  /** Loads an image, as many bytes per command as the public runner sends without a power monitor. */
  load(raw: Uint8Array): Promise<void>;
  infer(count: number, warmups: number): Promise<Inferred>;
  close(): Promise<void>;
};

/** Bytes of a `db` command, which has 80 characters at most. */
const STEP = 31;

/**
 * A peer of MLPerf Tiny's public runner (benchmark/runner/device_under_test.py and script.py of
 * github.com/mlcommons/tiny): the same commands in the same order, answers read by the same patterns. Opens a
 * serial port and identifies the device as that does. Throws where an answer is not as the protocol has it.
 */
export async function openRunner(path: string): Promise<Runner> {
  const port = await openSerial(path);
  const command = async (text: string): Promise<string[]> => {
    port.send(`${text}%`);
    const lines: string[] = [];
    for (;;) {
      const line = await port.line(600);
      if (line.includes('m-ready')) return lines;
      if (line.startsWith('e-')) throw new Error(`the device answers '${text}' by ${line}`);
      lines.push(line);
    }
  };
  const only = (lines: string[], pattern: RegExp): string => {
    const [found, ...more] = lines.flatMap((line) => pattern.exec(line)?.[1] ?? []);
    if (found === undefined || more.length) throw new Error(`no single ${pattern} in ${lines.join(', ')}`);
    return found;
  };
  // What the board does not yet listen to is lost: the public runner waits 2 s and asks up to three times.
  await port.greet('%');
  const name = only(await command('name'), /^m-name-dut-\[([^\]]+)\]$/);
  const about = await command('profile');
  return {
    name,
    profile: only(about, /^m-profile-\[([^\]]+)\]$/),
    model: only(about, /^m-model-\[([^\]]+)\]$/),
    command,
    async load(raw) {
      const [answer] = await command(`db load ${raw.length}`);
      if (answer !== `m-[Expecting ${raw.length} bytes]`) throw new Error(`the device answers ${answer}`);
      for (let i = 0; i < raw.length; i += STEP) {
        const said = await command(`db ${Buffer.from(raw.subarray(i, i + STEP)).toString('hex')}`);
        const wanted = i + STEP < raw.length ? '' : 'm-load-done';
        if (said.join() !== wanted) throw new Error(`after ${i + STEP} bytes the device answers ${said}`);
      }
    },
    async infer(count, warmups) {
      const lines = await command(`infer ${count} ${warmups}`);
      const laps = lines.flatMap((line) => /^m-lap-us-([0-9]+)$/.exec(line)?.[1] ?? []).map(Number);
      if (laps.length !== 2) throw new Error(`${laps.length} laps in ${lines.join(', ')}`);
      const resultsText = only(lines, /^m-results-\[([^\]]+)\]$/);
      return {
        results: resultsText.split(',').map(Number),
        resultsText,
        elapsedUs: laps[1]! - laps[0]!,
      };
    },
    close: port.close,
  };
}
