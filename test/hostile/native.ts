import { spawnSync } from 'node:child_process';
import { boardOf } from '../../firmware-gen/boards/index.js';
import { boardHeader } from '../../firmware-gen/header.js';
import { encodeFrame, frameReader } from '../../host/device/link-frames.js';
import { printModel } from '../../host/toolchain/model.js';
import { readShell } from '../../host/toolchain/shell.js';
import { planModel } from '../../wasm/plan-model.js';
import { compileProgram, runHere, testSource } from '../support/firmware-host.js';
import { removeFolders } from '../support/firmware-project.js';
import { compileLinkHost } from '../support/link-host.js';
import { compileForHost } from '../support/loader-host.js';
import { graph, bytes as imageBytes } from '../support/mlperf-example.js';
import { gcc, gcc32 } from '../support/needs.js';
import { below, pick, type Random } from '../support/random-graph.js';
import { damaged } from './mutate.js';
import type { Reader } from './reader.js';

/** The devices' own C, compiled for this machine under sanitizers; one process an input. */
const LIMIT_MS = 30_000;

/** Throws where a program was ended by a sanitizer, a signal or the limit. */
function requireEnd({
  status,
  signal,
  stderr,
}: {
  status: number | null;
  signal: string | null;
  stderr: Buffer;
}): void {
  if (status !== 0)
    throw new Error(`the program ended with ${status ?? signal}: ${stderr.toString().slice(0, 3000)}`);
}

const bytesOf = (random: Random, most: number): Uint8Array =>
  Uint8Array.from({ length: below(random, most + 1) }, () => below(random, 256));
const number = (value: number) => new Uint8Array(Uint32Array.of(value).buffer);
const concat = (parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

/** What a host sends in a session: in order, or not, with payloads of any size and offsets of any value. */
function requests(random: Random): Uint8Array {
  const offset = () => number(pick(random, [0, 1, 4, 16, 47, 48, 49, 2 ** 31, 2 ** 32 - 4, 2 ** 32 - 1]));
  const payload = (kind: number) => {
    if (!below(random, 6)) return bytesOf(random, 600);
    if (kind === 2) return concat([offset(), bytesOf(random, pick(random, [0, 12, 48, 512, 520]))]);
    return kind > 2 && below(random, 4) ? offset() : new Uint8Array();
  };
  let sequence = below(random, 65536);
  return concat(
    Array.from({ length: 1 + below(random, 12) }, () => {
      const kind = below(random, 4) ? 1 + below(random, 6) : below(random, 256);
      if (below(random, 5)) sequence = (sequence + 1) & 65535;
      const line = encodeFrame({ sequence, kind, payload: payload(kind) });
      return below(random, 4) ? line : damaged(line, random);
    }),
  );
}

const linkDevice: Reader = {
  name: "link: the device's C",
  needs: [gcc],
  parts: 3,
  async open() {
    const program = await compileLinkHost();
    const hello = encodeFrame({ sequence: 77, kind: 1, payload: new Uint8Array() });
    return {
      input: requests,
      read(bytes) {
        const input = concat([bytes, Uint8Array.of(0), hello]);
        const ran = spawnSync(program, { input, timeout: LIMIT_MS, maxBuffer: 1 << 24 });
        requireEnd(ran);
        const answers = frameReader()(ran.stdout).flatMap((piece) => ('frame' in piece ? [piece.frame] : []));
        const last = answers.at(-1);
        if (last?.sequence !== 77 || last.kind !== 0x81)
          throw new Error('the device does not answer any more');
        return answers.map(({ kind, payload }) => (kind === 0xff ? payload[0] : kind)).join();
      },
      close: removeFolders,
    };
  },
};

const commands = [
  'db ',
  'load ',
  'print ',
  'infer ',
  'results',
  'name',
  'profile',
  'timestamp',
  'help',
  'reset',
];
const numbers = [
  '0',
  '1',
  '2',
  '9',
  '-1',
  '99',
  '65535',
  '2147483647',
  '2147483648',
  '4294967295',
  '99999999999',
];

function mlperfCommands(random: Random): Uint8Array {
  const hex = (length: number) => Buffer.from(bytesOf(random, length)).toString('hex');
  const line = (): string => {
    switch (below(random, 6)) {
      case 0:
        return `db load ${pick(random, [String(imageBytes), ...numbers])}%db ${hex(40)}`;
      case 1:
        return `db load ${imageBytes}%${`db ${'7f'.repeat(31)}%`.repeat(Math.ceil(imageBytes / 31))}infer ${pick(random, numbers)} ${pick(random, numbers)}`;
      case 2:
        return `db print ${pick(random, numbers)} ${pick(random, numbers)}`;
      case 3:
        return Buffer.from(bytesOf(random, 120)).toString('latin1');
      default:
        return Array.from({ length: 1 + below(random, 4) }, () =>
          pick(random, [...commands, ...numbers, ' ', 'ff']),
        ).join('');
    }
  };
  return Buffer.from(`${Array.from({ length: 1 + below(random, 8) }, line).join('%')}%`, 'latin1');
}

const mlperf: Reader = {
  name: "MLPerf: the device's C",
  needs: [gcc32],
  // Each waits for images that are computed, 160 ms of CPU.
  parts: 1,
  async open() {
    const shell = await readShell();
    const program = await compileProgram([
      ...shell.filter(({ path }) => /^(mlperf|inference|crc32|lap|softmax|text)\.c$|^[^/]+\.h$/.test(path)),
      ...(await printModel(planModel(graph, { tier: 'swar' }))),
      { path: 'board.h', contents: boardHeader(boardOf('mps2-an386')) },
      await testSource('platform-host.c'),
      await testSource('only-mlperf.c'),
    ]);
    return {
      input: mlperfCommands,
      read(bytes) {
        // More bytes behind a command that would run for days break it off.
        const input = concat([bytes, Buffer.from('%name%')]);
        const ran = runHere(program, input, { TICKS: '25', SPARE: `${imageBytes}` });
        requireEnd(ran);
        const answers = ran.stdout.toString('latin1').split('m-ready\r\n');
        if (!answers.at(-2)?.includes('m-name-dut-')) throw new Error('the device does not answer any more');
        return answers.length;
      },
      close: removeFolders,
    };
  },
};

const SESSIONS = 5;

const loader: Reader = {
  name: `loaders: the device's C, ${SESSIONS} sessions each`,
  needs: [gcc],
  parts: 1,
  async open() {
    const program = await compileForHost(true);
    return {
      input: (random) => number(1 + below(random, 2 ** 31)),
      read(bytes) {
        const seed = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
        const ran = spawnSync(program, ['bytes', `${SESSIONS}`, `${seed}`], { timeout: LIMIT_MS });
        requireEnd(ran);
        return ran.stdout.toString();
      },
      close: removeFolders,
    };
  },
};

export const nativeReaders: Reader[] = [linkDevice, mlperf, loader];
