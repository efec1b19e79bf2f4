import { fork } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Found, MOST_MS, MOST_RSS, OPENING, type Order, type Reader } from './reader.js';

/** What became of one reader's inputs. */
export type Row = {
  reader: string;
  inputs: number;
  accepted: number;
  refused: number;
  slowestMs: number;
  maxRss: number;
  cpuSeconds: number;
  /** CRC-32 of all outcomes, so that runs can be compared; undefined where they depend on time. */
  crc: number | undefined;
  /** The input of each, and the file that it was saved to, for the first few. */
  defects: { index: number; what: string; saved: string | undefined }[];
  notes: string[];
};

type Ended = { found?: Found; killed?: string; index: number };

const worker = fileURLToPath(new URL('./worker.js', import.meta.url));

/** Every crash needs a new process: after this many the rest of a reader's inputs is skipped. */
const MOST_CRASHES = 20;
/** However busy the machine is. */
const MOST_WALL_MS = 120_000;
const OPENING_MS = 600_000;
const MOST_SAVED = 5;

/** Gives a reader its inputs `from` to `to`, in separate processes. */
export async function campaign(
  reader: Reader,
  { seed, from, to, folder }: { seed: number; from: number; to: number; folder: string },
): Promise<Row> {
  const own = join(folder, reader.name.replace(/[^a-z0-9]+/gi, '-'));
  mkdirSync(own, { recursive: true });
  const row: Row = {
    ...{ reader: reader.name, inputs: 0, accepted: 0, refused: 0, slowestMs: 0, maxRss: 0, cpuSeconds: 0 },
    crc: reader.timed ? undefined : 0,
    defects: [],
    notes: [],
  };
  const order = { reader: reader.name, seed, folder: join(folder, 'work'), place: join(own, 'place') };
  const defect = async (index: number, what: string) => {
    const saved = row.defects.length < MOST_SAVED ? join(own, `${index}.bin`) : undefined;
    if (saved) await run({ ...order, from: index, to: index + 1, save: saved });
    row.defects.push({ index, what, saved });
  };
  for (let next = from, crashes = 0; next < to; ) {
    const end = Math.min(to, next + (reader.slice ?? Number.POSITIVE_INFINITY));
    const { found, killed, index } = await run({ ...order, from: next, to: end });
    if (found) {
      const { accepted, refused, defects } = found;
      row.accepted += accepted;
      row.refused += refused;
      const done = accepted + refused + defects.filter(({ what }) => !what.startsWith('it took')).length;
      row.inputs += done;
      row.slowestMs = Math.max(row.slowestMs, found.slowest.ms);
      row.maxRss = Math.max(row.maxRss, found.maxRss);
      row.cpuSeconds += found.cpuSeconds;
      if (row.crc !== undefined) row.crc = (row.crc ^ found.crc) >>> 0;
      row.notes.push(...found.notes);
      for (const { index, what } of defects) await defect(index, what);
      if (found.maxRss > MOST_RSS)
        await defect(found.grew.index, `it took the process to ${Math.round(found.maxRss / 2 ** 20)} MB`);
      // Fewer than were asked for: there are no more.
      if (done < end - next) return row;
      next = end;
      continue;
    }
    const at = index === OPENING ? next : index;
    await defect(at, killed ?? 'the process ended');
    row.inputs += at - next + 1;
    row.notes.push(`process ended at ${at}`);
    next = at + 1;
    if (++crashes === MOST_CRASHES) {
      row.notes.push(`${to - next} inputs left out after ${MOST_CRASHES} crashes`);
      return row;
    }
  }
  return row;
}

/** One process of the worker, watched: ended where an input takes too long or too much memory. */
function run(order: Order): Promise<Ended> {
  return new Promise((resolve) => {
    const child = fork(worker, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
      serialization: 'advanced',
    });
    let said = '';
    child.stderr!.on('data', (text: Buffer) => {
      said = (said + text).slice(-3000);
    });
    const place = () => {
      try {
        return readFileSync(order.place).readUInt32LE(0);
      } catch {
        return OPENING;
      }
    };
    const ended: Ended = { index: OPENING };
    let [index, since, cpu] = [OPENING, Date.now(), 0];
    const watch = setInterval(() => {
      const now = place();
      if (now !== index) [index, since, cpu] = [now, Date.now(), cpuMs(child.pid!)];
      const [wall, used] = [Date.now() - since, cpuMs(child.pid!) - cpu];
      const limit = index === OPENING ? OPENING_MS : MOST_WALL_MS;
      if ((index !== OPENING && used > MOST_MS + 1000) || wall > limit)
        ended.killed = `it hangs: ${(wall / 1000).toFixed(0)} s, ${(used / 1000).toFixed(0)} s of CPU`;
      else if (peakRss(child.pid!) > 4 * MOST_RSS) ended.killed = 'its memory grows without bounds';
      if (ended.killed) child.kill('SIGKILL');
    }, 250);
    child.on('message', (message: Partial<Ended>) => Object.assign(ended, message));
    child.on('close', (code, signal) => {
      clearInterval(watch);
      ended.index = place();
      if (!ended.found) ended.killed ??= `the process ended with ${code ?? signal}: ${said}`;
      resolve(ended);
    });
    child.send(order);
  });
}

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

/** User and system time of a process, in the kernel's ticks of 10 ms; 0 where there is no /proc. */
function cpuMs(pid: number): number {
  const fields = read(`/proc/${pid}/stat`).split(') ').at(-1)!.split(' ');
  return 10 * (Number(fields[11] ?? 0) + Number(fields[12] ?? 0));
}

const peakRss = (pid: number): number =>
  1024 * Number(/VmHWM:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
