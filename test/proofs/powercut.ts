import { removeFolders } from '../support/firmware-project.js';
import { loaderNeeds } from '../support/loader-board.js';
import { compileForHost, runOnHost } from '../support/loader-host.js';
import {
  createBench,
  installAndCut,
  type Outcome,
  preloaded,
  replaceAndCut,
  session,
} from '../support/power-cut.js';
import { seeded } from '../support/random-graph.js';
import { allThere } from '../support/skip.js';
import { verdict } from './cli.js';

/**
 * `npm run bench -- powercut`: the power fails while the loader replaces a program. On this machine at every
 * byte that the loader erases or writes; on the emulated board after every message of the protocol, within
 * messages, and while the new program is installed. Every start must find the old or the new program. About
 * five minutes.
 */
const INSIDE = 40;
const AFTER_COMMIT = 20;
const INSTALLING = 30;
const INSTALL_FILLER = 16 << 10;

const random = seeded(Number(process.env['SPIKELET_SEED'] ?? 1));

const counts = await runOnHost(await compileForHost(false), 'cuts', 1, 1);
verdict('every byte of flash, on this machine', counts.trim(), 'no start without a program', true);

if (await allThere('power cuts', loaderNeeds)) {
  const small = await createBench(1024, 200);
  const ends = await session(small, `${small.flashA}.whole`);
  const all = ends.at(-1)!;
  const messages = ends.slice(0, -1).map((at) => ({ at, delay: 0 }));
  await prove('after each message', messages, (cut) => replaceAndCut(small, cut), ['A']);
  const inside = Array.from({ length: INSIDE }, () => ({
    at: 1 + Math.floor(random() * (all - 1)),
    delay: random() * 3,
  }));
  await prove('within messages', inside, (cut) => replaceAndCut(small, cut), ['A']);
  const after = Array.from({ length: AFTER_COMMIT }, () => ({ at: all, delay: random() * 20 }));
  await prove('after the command that commits', after, (cut) => replaceAndCut(small, cut), ['A', 'B']);
  await proveInstalling();
}

async function proveInstalling(): Promise<void> {
  const large = await createBench(INSTALL_FILLER, 1000);
  const from = await preloaded(large);
  const { length } = large.images.B;
  for (const when of ['erased', 'written'] as const) {
    const cuts = Array.from({ length: INSTALLING }, () => ({ offset: Math.floor(random() * length), when }));
    await prove(
      `while it is installed, once a byte is ${when}`,
      cuts,
      (cut) => installAndCut(large, from, cut),
      ['B'],
      true,
    );
  }
}

/**
 * Runs each cut and counts what starts; `allowed`: what may. `mustTear`: some cuts must find the program half
 * installed.
 */
async function prove<T>(
  what: string,
  cuts: T[],
  run: (cut: T) => Promise<Outcome>,
  allowed: string[],
  mustTear = false,
): Promise<void> {
  const starts: Record<string, number> = { A: 0, B: 0 };
  let torn = 0;
  for (const cut of cuts) {
    const outcome = await run(cut);
    starts[outcome.starts] = (starts[outcome.starts] ?? 0) + 1;
    torn += Number(outcome.torn);
  }
  const wrong = cuts.length - allowed.reduce((sum, letter) => sum + (starts[letter] ?? 0), 0);
  verdict(
    `emulated board, ${what}`,
    `${cuts.length} cuts: ${starts['A']} start the old program, ${starts['B']} the new; ${torn} cut it half installed`,
    `${allowed.map((letter) => (letter === 'A' ? 'old' : 'new')).join(' or ')}, always`,
    wrong === 0 && (torn > 0 || !mustTear),
  );
}

await removeFolders();
