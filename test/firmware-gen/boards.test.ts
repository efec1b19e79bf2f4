import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boardOf, boards, memoryOf } from '../../firmware-gen/boards/index.js';
import { emulate } from '../../host/device/emulate.js';
import { runTool } from '../../host/toolchain/tools.js';
import { SpikeletError } from '../../models/index.js';
import { compile, removeFolders, temporaryFolder } from '../support/firmware-project.js';
import { openSerial } from '../support/firmware-serial.js';
import { boardNeeds } from '../support/needs.js';
import { testWith } from '../support/skip.js';

const echo = {
  path: 'echo.c',
  contents: readFileSync(new URL('../../../test/support/c/echo.c', import.meta.url), 'utf8'),
};

/** Answers each byte with the address of constants in weights.c, and with them. */
const weighing = [
  { path: 'weights.c', contents: 'extern const char weights[6];\nconst char weights[6] = "spikes";\n' },
  {
    path: 'main.c',
    contents: `#include "platform.h"
extern const char weights[6];
int main(void) {
  platform_init();
  for (;;) {
    if (platform_read() < 0) continue;
    const uint32_t address = (uint32_t)(uintptr_t)weights;
    platform_write((const uint8_t *)&address, 4);
    platform_write((const uint8_t *)weights, 6);
  }
}
`,
  },
];

for (const board of boards.filter(({ emulator }) => emulator))
  (await testWith(boardNeeds(board)))(
    `${board.name}: bytes over a serial port, counter, stack and reset`,
    async () => {
      const program = await compile(board, { sources: [], model: [echo] });
      const emulation = await emulate(board, { program, counting: true });
      const port = await openSerial(emulation.port);
      try {
        await port.greet();
        // Half of what the ring of received bytes holds, at once.
        const text = Uint8Array.from({ length: 1000 }, (_, i) => 97 + (i % 20));
        port.send(text);
        assert.equal([...(await port.take(1000))], [...text.map((byte) => byte + 1)]);

        // One byte at a time: a core that went to rest just after one came would never answer.
        for (let turn = 0; turn < 300; turn++) {
          port.send([97 + (turn % 20)]);
          assert.is((await port.take(1))[0], 98 + (turn % 20));
        }

        // An interrupt lengthens the loop that it falls into, the short or the long one: never all three of
        // one length.
        const short: number[] = [];
        const long: number[] = [];
        for (let time = 0; time < 3; time++) {
          port.send('L');
          const ticks = await port.take(8);
          short.push(ticks.readUInt32LE(0));
          long.push(ticks.readUInt32LE(4));
        }
        const { count: per, ticks, means } = board.counter;
        const counted = ((Math.min(...long) - Math.min(...short)) * per) / ticks;
        const wanted = 20_000 * (means === 'cycles' ? 3 : 2);
        assert.ok(
          Math.abs(counted - wanted) <= 2,
          `${counted} ${means} instead of ${wanted}: ${long} - ${short} ticks`,
        );

        port.send('S');
        const stack = (await port.take(4)).readUInt32LE(0);
        assert.ok(stack >= 16 && stack < board.stackBytes, `${stack} bytes of stack`);

        // The port stays open over a reset, and memory is as C expects it again.
        port.send('R');
        await port.greet();
        assert.is(emulation.process.exitCode, null);
      } finally {
        await port.close();
        await emulation.stop();
      }
    },
  );

for (const board of boards.filter(({ emulator, weights }) => emulator && weights.length))
  (await testWith(boardNeeds(board)))(
    `${board.name}: weights in a separate memory, which the emulator fills`,
    async () => {
      const place = { weights: board.weights[0]! };
      const program = await compile(board, { sources: [], model: [...weighing], place });
      assert.equal(
        [...(await readFile(program.files[0]!.path))],
        [...'spikes'].map((c) => c.charCodeAt(0)),
      );
      assert.ok((await readFile(program.bin)).length < 8192);
      const emulation = await emulate(board, { program });
      const port = await openSerial(emulation.port);
      try {
        await port.greet();
        port.send('a');
        const answer = await port.take(10);
        assert.is(answer.readUInt32LE(0), memoryOf(board, place.weights).origin);
        assert.is(answer.subarray(4).toString(), 'spikes');
      } finally {
        await port.close();
        await emulation.stop();
      }
    },
  );

for (const board of boards.filter(({ emulator, core }) => !emulator && core !== 'xtensa-lx7'))
  (await testWith(boardNeeds(board, false)))(`${board.name} compiles and fits its memories`, async () => {
    const { bin } = await compile(board, { sources: [], model: [echo] });
    const size = (await readFile(bin)).length;
    assert.ok(size > 500 && size < 8192, `${size} bytes`);
  });

(await testWith(boardNeeds(boardOf('mps2-an386'))))(
  'an emulator ends with the process that started it, whatever ends that',
  async () => {
    const program = await compile(boardOf('mps2-an386'), { sources: [], model: [echo] });
    const script = `
      const { boardOf } = await import(process.argv[1] + '/firmware-gen/boards/index.js');
      const { emulate } = await import(process.argv[1] + '/host/device/emulate.js');
      const program = JSON.parse(process.argv[2]);
      console.log((await emulate(boardOf('mps2-an386'), { program })).process.pid);
      setInterval(() => undefined, 1000);`;
    const built = fileURLToPath(new URL('../..', import.meta.url));
    const args = ['--input-type=module', '-e', script, built, JSON.stringify(program)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = Number(await new Promise((done) => child.stdout.once('data', (text) => done(String(text)))));
    process.kill(pid, 0);
    const ended = new Promise((done) => child.once('exit', (_code, signal) => done(signal)));
    child.kill('SIGTERM');
    assert.is(await ended, 'SIGTERM');
    for (let tries = 0; isAlive(pid); tries++) {
      assert.ok(tries < 200, 'QEMU still runs');
      await new Promise((done) => setTimeout(done, 20));
    }
  },
);

test('every memory that a board names is one it has, and none overlap', () => {
  for (const board of boards) {
    for (const name of [board.code, board.ram, ...board.weights]) memoryOf(board, name);
    const sorted = board.memories.toSorted((a, b) => a.origin - b.origin);
    for (const [i, { origin, bytes }] of sorted.entries())
      assert.ok(i + 1 === sorted.length || origin + bytes <= sorted[i + 1]!.origin, board.name);
  }
  assert.is(new Set(boards.map(({ name }) => name)).size, boards.length);
});

test('an unknown board is refused with the names of those there are', () => {
  assert.throws(
    () => boardOf('abacus'),
    (error: unknown) => error instanceof SpikeletError && error.hint?.includes('mps2-an386'),
  );
});

(await testWith(boardNeeds(boardOf('rp2040'), false)))(
  "the words of the RP2040's second stage are those of its source, with the CRC that the ROM checks",
  async () => {
    const folder = await temporaryFolder();
    const [object, binary] = [join(folder, 'boot2.o'), join(folder, 'boot2.bin')];
    const source = fileURLToPath(new URL('../../../test/support/c/rp2040-boot2.S', import.meta.url));
    await runTool('arm-none-eabi-gcc', ['-c', source, '-o', object], { install: '' });
    await runTool('arm-none-eabi-objcopy', ['-O', 'binary', object, binary], { install: '' });
    const stage = Buffer.alloc(256);
    (await readFile(binary)).copy(stage);
    stage.writeUInt32LE(bootCrc(stage.subarray(0, 252)), 252);
    const { bin } = await compile(boardOf('rp2040'), { sources: [], model: [echo] });
    assert.equal([...(await readFile(bin)).subarray(0, 256)], [...stage]);
  },
);

/**
 * CRC-32/MPEG-2, as the boot ROM computes it: polynomial 04C11DB7, highest bit first, nothing inverted at the
 * end.
 */
function bootCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}

/** Whether a process runs; one that ended and was not waited for does not. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

test.after(removeFolders);
test.run();
