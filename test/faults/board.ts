import { copyFile } from 'node:fs/promises';
import { emulateLoader } from '../../host/device/loader.js';
import { board, compileLoader, newFlash } from '../support/loader-board.js';
import { createBench, startsWith } from '../support/power-cut.js';
import { below, type Random } from '../support/random-graph.js';
import { type Ended, moment, nodeStarted, saidBadly, start, trialFolder } from './trial.js';

/** `flash` over the serial port of the emulated board: the kinds that it is disturbed by, once each. */
export type BoardKind = (random: Random) => Promise<string[]>;

/** The command line starts while the loader listens, however busy the machine is. */
const WINDOW_MS = 60_000;
/** How long it listens where it is only to start what it has. */
const START_MS = 2000;

/**
 * A board that runs A gets B, and the host is disturbed. The board then starts A or B, never nothing; where
 * the command ended with 0 it starts B; and flashing again ends in B. `place`: a folder for what the command
 * line writes.
 */
export async function boardTrials(inputs: string, place: string): Promise<[number, Map<string, BoardKind>]> {
  const bench = await createBench(1024, START_MS);
  const patient = await compileLoader(WINDOW_MS);

  async function trial(
    disturbed: (port: string) => Promise<Ended[]>,
    counts: (ended: Ended) => boolean = () => true,
  ): Promise<string[]> {
    trialFolder(inputs, place);
    const flash = await newFlash();
    await copyFile(bench.flashA, flash);
    const over = async <T>(use: (port: string) => Promise<T>): Promise<T> => {
      const emulation = await emulateLoader(board, patient, flash);
      try {
        return await use(emulation.port);
      } finally {
        await emulation.stop();
      }
    };
    const ended = await over(disturbed);
    const wrong = ended.filter(counts).flatMap(saidBadly);
    const letter = await startsWith(bench, flash).catch(() => 'nothing');
    const done = ended.some(({ code }) => code === 0);
    if (letter !== 'B' && (done || letter !== 'A'))
      wrong.push(`the board starts ${letter}${done ? ' although flash ended with 0' : ''}`);
    const again = await over((port) => start(place, argsFor(port)));
    if (again.code !== 0) return [...wrong, `flashing again fails: ${again.said.slice(-300)}`];
    const after = await startsWith(bench, flash).catch(() => 'nothing');
    return after === 'B' ? wrong : [...wrong, `after flashing again the board starts ${after}`];
  }

  const argsFor = (port: string) => ['flash', bench.program, '--board', board.name, '--port', port];
  let cleanMs = 0;
  const undisturbed = await trial(async (port) => {
    const ended = await start(place, argsFor(port));
    if (ended.code !== 0) throw new Error(`flash does not work at all: ${ended.said}`);
    cleanMs = ended.ms;
    return [ended];
  });
  if (undisturbed.length) throw new Error(undisturbed.join('\n'));

  const signalled =
    (signals: NodeJS.Signals[]): BoardKind =>
    (random) =>
      trial(async (port) => {
        const first = moment(random, cleanMs * 1.1);
        const during = (kill: (signal: NodeJS.Signals) => void) => {
          for (const [i, signal] of signals.entries()) setTimeout(() => kill(signal), first + 40 * i);
        };
        return [await start(place, argsFor(port), { during })];
      });
  return [
    cleanMs,
    new Map<string, BoardKind>([
      ['kill -9', signalled(['SIGKILL'])],
      ['SIGTERM', signalled(['SIGTERM'])],
      ['double Ctrl-C', signalled(['SIGINT', 'SIGINT'])],
      [
        'EMFILE',
        (random) =>
          trial(
            async (port) => [await start(place, argsFor(port), { files: 20 + below(random, 30) })],
            nodeStarted,
          ),
      ],
      [
        'two writers',
        (random) =>
          trial(async (port) => {
            const later = moment(random, cleanMs / 2);
            const second = new Promise((resolve) => setTimeout(resolve, later));
            return Promise.all([start(place, argsFor(port)), second.then(() => start(place, argsFor(port)))]);
          }),
      ],
    ]),
  ];
}
