import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { below, type Random } from '../support/random-graph.js';
import {
  type Clean,
  type Ended,
  leftBadly,
  moment,
  nodeStarted,
  resumed,
  saidBadly,
  start,
  trialFolder,
} from './trial.js';
import type { Tried } from './verbs.js';
import { differences } from './whole.js';

/** One way in which a verb is disturbed, once: what was wrong, a line each. */
export type Kind = {
  name: string;
  /** Why it cannot be tried here. */
  missing?: () => string | undefined;
  try(inputs: string, place: string, verb: Tried, clean: Clean, random: Random): Promise<string[]>;
};

/** A signal, or several, at a random moment of the verb's time. */
const signalled = (name: string, signals: NodeJS.Signals[], killed: boolean): Kind => ({
  name,
  async try(inputs, place, verb, clean, random) {
    trialFolder(inputs, place);
    const first = moment(random, clean.ms * 1.1);
    const during = (kill: (signal: NodeJS.Signals) => void) => {
      for (const [i, signal] of signals.entries()) setTimeout(() => kill(signal), first + 40 * i);
    };
    const ended = await start(place, verb.args, { during });
    const wrong = killed ? [] : saidBadly(ended);
    wrong.push(...leftBadly(place, clean.crcs, killed));
    if (!killed && ended.code !== 0 && !ended.signal && ended.code !== 130 && ended.code !== 143)
      wrong.push(`exit code ${ended.code}`);
    return [...wrong, ...(await resumed(place, verb, clean.crcs))];
  },
});

const isRoot = () => process.getuid?.() === 0;

/** Mounts a file system on a trial's `out`; false where that is forbidden, as in most containers. */
function mount(out: string, options: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'spikelet-faults', out], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function canMount(): string | undefined {
  if (!isRoot()) return 'only root may mount a small file system';
  const out = mkdtempSync(join(tmpdir(), 'spikelet-mount-'));
  try {
    if (!mount(out, 'size=16k')) return 'mount is not permitted here';
    execFileSync('umount', [out]);
    return undefined;
  } finally {
    rmdirSync(out);
  }
}

/**
 * A place that takes nothing, or little: one error, nothing half-written, and all as ever once there is room.
 */
const mounted = (name: string, options: (clean: Clean, random: Random) => string): Kind => ({
  name,
  missing: canMount,
  async try(inputs, place, verb, clean, random) {
    trialFolder(inputs, place);
    const out = join(place, 'out');
    if (!mount(out, options(clean, random))) return ['mount failed'];
    let ended: Ended;
    let wrong: string[];
    try {
      ended = await start(place, verb.args);
      wrong = [...saidBadly(ended), ...leftBadly(place, clean.crcs, false)];
      if (ended.code === 0)
        wrong.push(...differences(out, clean.crcs).map((line) => `it ends with 0, but ${line}`));
    } finally {
      execFileSync('umount', ['-l', out]);
    }
    return wrong;
  },
});

const fewFiles: Kind = {
  name: 'EMFILE',
  async try(inputs, place, verb, clean, random) {
    trialFolder(inputs, place);
    const ended = await start(place, verb.args, { files: 20 + below(random, 30) });
    const wrong = [...(nodeStarted(ended) ? saidBadly(ended) : []), ...leftBadly(place, clean.crcs, false)];
    if (ended.code === 0)
      wrong.push(...differences(join(place, 'out'), clean.crcs).map((line) => `it ends with 0, but ${line}`));
    return [...wrong, ...(await resumed(place, verb, clean.crcs))];
  },
};

const twoWriters: Kind = {
  name: 'two writers',
  async try(inputs, place, verb, clean, random) {
    trialFolder(inputs, place);
    const both = await Promise.all([
      start(place, verb.args),
      new Promise<Ended>((resolve, reject) =>
        setTimeout(() => start(place, verb.args).then(resolve, reject), moment(random, clean.ms / 2)),
      ),
    ]);
    const wrong = [...both.flatMap(saidBadly), ...leftBadly(place, clean.crcs, false)];
    if (!both.some(({ code }) => code === 0)) wrong.push('neither of the two succeeded');
    return [...wrong, ...differences(join(place, 'out'), clean.crcs)];
  },
};

export const kinds: Kind[] = [
  signalled('kill -9', ['SIGKILL'], true),
  signalled('SIGTERM', ['SIGTERM'], false),
  signalled('double Ctrl-C', ['SIGINT', 'SIGINT'], false),
  mounted('ENOSPC', (_, random) => `size=${4 * (1 + below(random, 8))}k`),
  mounted('EROFS', () => 'ro'),
  fewFiles,
  twoWriters,
];
