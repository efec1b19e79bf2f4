import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createAn3155 } from '../../../host/device/flash/an3155.js';
import { programAt } from '../../../host/device/flash/program.js';
import { exitCode, SpikeletError } from '../../../models/index.js';
import { removeFolders, temporaryFolder } from '../../support/firmware-project.js';
import { board } from '../../support/loader-board.js';
import { socat } from '../../support/needs.js';
import { createPty } from '../../support/pty.js';
import { below, pick, seeded } from '../../support/random-graph.js';
import { testWith } from '../../support/skip.js';

/** A device that does not do what the protocol says: an error each, never a hang. */
const ACK = 0x79;
const NACK = 0x1f;
const waits = { call: 400, answer: 60, erase: 60, go: 60 };
const an3155 = createAn3155(waits);
/** For devices that are known by what they answer, however late. */
const patient = createAn3155({ call: 20_000, answer: 20_000, erase: 20_000, go: 20_000 });

type Device = (bytes: Uint8Array, send: (bytes: number[]) => void) => void;

/** Flashes a small program to a device; what came of it. */
async function attempt(device: Device, host = an3155): Promise<SpikeletError | undefined> {
  const folder = await temporaryFolder();
  const path = join(folder, 'firmware.bin');
  await writeFile(path, new Uint8Array(600).fill(0x55));
  const pty = await createPty();
  const send = (bytes: number[]) => pty.write(Uint8Array.from(bytes));
  pty.onBytes((bytes) => device(bytes, send));
  try {
    await host.flash({
      board,
      flashing: board.flashing as Extract<typeof board.flashing, { protocol: 'an3155' }>,
      program: await programAt(path),
      port: pty.path,
      progress: () => undefined,
      note: () => undefined,
    });
    return undefined;
  } catch (error) {
    if (error instanceof SpikeletError) return error;
    throw error;
  } finally {
    await pty.close();
  }
}

/**
 * Answers as the loader does: the commands it knows and its number, then whatever `after` says to each
 * message.
 */
const polite =
  (after: Device, id = [0x04, 0x50]): Device =>
  (bytes, send) => {
    const [code] = bytes;
    if (code === 0x7f) send([ACK]);
    else if (code === 0x00 && bytes[1] === 0xff) send([ACK, 3, 0x31, 0x11, 0x31, 0x44, ACK]);
    else if (code === 0x02 && bytes[1] === 0xfd) send([ACK, 1, ...id, ACK]);
    else after(bytes, send);
  };

const hostile: [what: string, device: Device, code: number][] = [
  ['silence', () => undefined, exitCode.device],
  ['silence after the first answer', (bytes, send) => bytes[0] === 0x7f && send([ACK]), exitCode.device],
  ['nothing but refusals', (_, send) => send([NACK]), exitCode.device],
  ['nothing but acknowledgements', (_, send) => send([ACK]), exitCode.device],
  ['garbage', (_, send) => send([1, 2, 3, 4]), exitCode.device],
  ['a list without an end', polite((_, send) => send(Array(300).fill(ACK))), exitCode.differs],
  ['silence amid a write', polite((bytes, send) => bytes.length === 2 && send([ACK])), exitCode.device],
  ['refused erases', polite((_, send) => send([NACK])), exitCode.device],
  ['another number', polite(() => undefined, [0x04, 0x13]), exitCode.failure],
  ['more bytes than it announced', polite(() => undefined, Array(255).fill(9)), exitCode.device],
];

const withSocat = await testWith([socat]);
for (const [what, device, code] of hostile)
  withSocat(`a device that answers with ${what}`, async () => {
    const error = await attempt(device, code === exitCode.device ? an3155 : patient);
    assert.ok(error, 'it was flashed');
    assert.is(error.code, code, error.message);
    assert.ok(error.hint);
  });

withSocat('a device that sends without end', async () => {
  let sending: NodeJS.Timeout | undefined;
  const error = await attempt((_, send) => {
    sending ??= setInterval(() => send(Array(4096).fill(ACK)), 1);
  });
  clearInterval(sending);
  assert.ok(error, 'it was flashed');
});

withSocat('devices that answer at random', async () => {
  const seed = Number(process.env['SPIKELET_SEED'] ?? 1);
  const random = seeded(seed);
  for (let i = 0; i < 8; i++) {
    const any: Device = (_, send) =>
      send(
        Array.from({ length: below(random, 6) }, () => pick(random, [ACK, ACK, NACK, below(random, 256)])),
      );
    const error = await attempt(below(random, 2) ? any : polite(any));
    assert.ok(error, `seed ${seed}, device ${i}: it was flashed`);
    assert.ok(
      error.code === exitCode.device || error.code === exitCode.differs || error.code === exitCode.failure,
    );
  }
});

test('a port that is not there is a missing device', async () => {
  const { openPort } = await import('../../../host/device/port.js');
  const error = await openPort('/dev/no-such-port', { baud: 115200 }).catch((caught: unknown) => caught);
  assert.ok(error instanceof SpikeletError && error.code === exitCode.device && error.hint);
});

test.after(removeFolders);
test.run();
