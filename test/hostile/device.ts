import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { boardOf, boards } from '../../firmware-gen/boards/index.js';
import { connectBoard, note } from '../../host/device/board-link.js';
import { createAn3155 } from '../../host/device/flash/an3155.js';
import { partsOf } from '../../host/device/flash/esp.js';
import { flashFile, programAt } from '../../host/device/flash/index.js';
import type { FlashingBy } from '../../host/device/flash/protocol.js';
import { crc16, fpgaLink } from '../../host/device/fpga-link.js';
import { readHello } from '../../host/device/hello.js';
import { encodeFrame, frameReader } from '../../host/device/link-frames.js';
import type { Port } from '../../host/device/port.js';
import { crc32, exitCode, SpikeletError } from '../../models/index.js';
import { below, pick, type Random, seeded } from '../support/random-graph.js';
import { damaged, hostileJson } from './mutate.js';
import type { Reader } from './reader.js';

/** What devices say, on the host's side: frames, whole sessions with spikelet's firmware, loaders, FPGAs. */
const bytesOf = (random: Random, most: number): Uint8Array =>
  Uint8Array.from({ length: below(random, most + 1) }, () => below(random, 256));

/** A port whose device answers each write with what `answer` says; time passes only where nothing comes. */
function portTo(answer: (written: Uint8Array) => Uint8Array): Port {
  let waiting = Buffer.alloc(0);
  const take = (count: number) => {
    const taken = new Uint8Array(waiting.subarray(0, count));
    waiting = waiting.subarray(count);
    return taken;
  };
  const silence = () => new Promise<void>((resolve) => setTimeout(resolve, 1));
  return {
    path: 'port',
    async write(bytes) {
      waiting = Buffer.concat([waiting, answer(bytes)]);
      if (waiting.length > 1 << 22) throw new SpikeletError('port is gone', { code: exitCode.device });
    },
    async read(count) {
      if (waiting.length >= count) return take(count);
      await silence();
      throw new SpikeletError(`port: ${waiting.length} of ${count} B came`, { code: exitCode.device });
    },
    async readSome() {
      if (!waiting.length) await silence();
      return take(waiting.length);
    },
    async drain() {
      take(waiting.length);
    },
    setSignals: async () => undefined,
    close: async () => undefined,
  };
}

function someFrames(random: Random): Uint8Array {
  const parts = Array.from({ length: 1 + below(random, 6) }, () =>
    below(random, 4)
      ? encodeFrame({
          sequence: below(random, 65536),
          kind: below(random, 256),
          payload: bytesOf(random, 60),
        })
      : Uint8Array.from(bytesOf(random, 20), (byte) => byte & 127),
  );
  return new Uint8Array(Buffer.concat(parts));
}

const frames: Reader = {
  name: 'link: frames',
  parts: 8,
  async open() {
    return {
      input: (random) =>
        below(random, 50)
          ? damaged(someFrames(random), random)
          : new Uint8Array(1 << 20).fill(0x80 | below(random, 128)),
      read: (bytes) => JSON.stringify(frameReader()(bytes)).length,
    };
  },
};

const NUMBERS = [516, 0, 7, 48, 3, 2, 3, 1000, 1, 1, 4096, 96, 2048];
const EXTREMES = [0, 1, 4, 5, 255, 65535, 65536, 65537, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];

/** What a device says of itself, some of it extreme. */
function helloOf(random: Random, changes: number): Uint8Array {
  const words = NUMBERS.map((word) => word);
  for (let n = changes; n; n--) words[below(random, words.length)] = pick(random, EXTREMES);
  const texts = ['board', 'net', 'cycles'].map((text) =>
    below(random, 8) ? text : pick(random, ['', '\x1b[2J', 'x'.repeat(255), '\u202e', '\n']),
  );
  return new Uint8Array(
    Buffer.concat([
      new Uint8Array(Uint32Array.from(words).buffer),
      ...texts.flatMap((text) => [Uint8Array.of(Buffer.from(text).length), Buffer.from(text)]),
    ]),
  );
}

const hellos: Reader = {
  name: 'link: hello',
  parts: 4,
  async open() {
    return {
      input: (random) => (below(random, 2) ? helloOf(random, 2) : damaged(helloOf(random, 0), random)),
      read(bytes) {
        const said = readHello(bytes);
        if (!said) throw new SpikeletError('not a hello');
        if (said.hello.classes > 1 << 16 || said.hello.layers > 1 << 16) throw new Error('unbounded');
        return JSON.stringify(said);
      },
    };
  },
};

/** A board that answers as spikelet's firmware does, then is disturbed by what the input's seed says. */
function board(random: Random): (written: Uint8Array) => Uint8Array {
  const read = frameReader();
  const hello = helloOf(random, below(random, 3) ? 0 : 1);
  const often = pick(random, [2, 4, 16, 1000]);
  const payloads: Record<number, () => Uint8Array> = {
    1: () => hello,
    2: () => new Uint8Array(),
    3: () => new Uint8Array(16),
    4: () => new Uint8Array(4),
    5: () => new Uint8Array(48),
    6: () => new Uint8Array(4),
  };
  return (written) => {
    const answers: Uint8Array[] = [];
    for (const piece of read(written)) {
      if (!('frame' in piece)) continue;
      const { sequence, kind } = piece.frame;
      const payload = payloads[kind]?.() ?? new Uint8Array();
      const frame = { sequence, kind: kind | 0x80, payload };
      if (!below(random, often)) frame.payload = damaged(Uint8Array.of(...payload, 0), random).slice(0, 600);
      if (!below(random, often)) frame.kind = below(random, 256);
      if (!below(random, often)) frame.sequence = below(random, 65536);
      const line = encodeFrame(frame);
      answers.push(below(random, often) ? line : damaged(line, random));
      if (!below(random, often))
        answers.push(Buffer.from(pick(random, ['m-ready\r\n', 'e-[trap in layer \x1b[2J]\r\n'])));
    }
    return new Uint8Array(Buffer.concat(answers));
  };
}

const word = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
const seedBytes = (random: Random) => new Uint8Array(Uint32Array.of(below(random, 2 ** 32)).buffer);

const sessions: Reader = {
  name: 'link: sessions of the host',
  parts: 3,
  timed: true,
  async open() {
    return {
      input: seedBytes,
      async read(bytes) {
        const options = { ms: 2, tries: 3, helloMs: 20, inferMs: 20 };
        const link = await connectBoard(portTo(board(seeded(word(bytes)))), options);
        const { inputBytes } = link.hello;
        const { logits } = await link.infer(
          new Int8Array(Math.min(inputBytes, 1 << 12)),
          note.ticks | note.values,
        );
        const notes = await link.notes();
        return `${logits.length} ${notes.length} ${await link.stackUsed()}`;
      },
    };
  },
};

/** An answer of a loader, or of a core on an FPGA: what the protocol says, or anything. */
const loaderBoards = boards.filter(({ flashing }) => flashing?.protocol === 'an3155');

const loaders: Reader = {
  name: 'loaders: AN3155 sessions of the host',
  parts: 2,
  timed: true,
  async open(folder) {
    const path = join(folder, 'firmware.bin');
    writeFileSync(path, new Uint8Array(600).fill(0x55));
    const program = await programAt(path);
    const device = loaderBoards[0]!;
    const flashing = device.flashing as FlashingBy<'an3155'>;
    return {
      input: seedBytes,
      async read(bytes) {
        const random = seeded(word(bytes));
        const flash = new Map<number, number>();
        const often = pick(random, [3, 10, 60, 1000]);
        const loader = an3155(random, flashing.device, flash);
        const port = portTo((written) => {
          const said = loader(written);
          return below(random, often)
            ? said
            : damaged(Uint8Array.of(...said, 0x79), random).slice(0, 1 << 12);
        });
        const waits = { call: 5, answer: 2, erase: 2, go: 2 };
        const request = {
          board: device,
          flashing,
          program,
          port: 'port',
          progress: () => undefined,
          note: () => undefined,
        };
        const { restarts } = await createAn3155(waits, async () => port).flash(request);
        return restarts;
      },
    };
  },
};

/** A loader that works, over a flash that is read back. */
function an3155(random: Random, id: number, flash: Map<number, number>): (written: Uint8Array) => Uint8Array {
  const ACK = 0x79;
  let state: 'command' | 'address' | 'data' | 'count' | 'sector' = 'command';
  let [command, at] = [0, 0];
  return (written) => {
    const first = written[0]!;
    if (written.length === 1 && first === 0x7f) return Uint8Array.of(ACK);
    const said = (next: typeof state, ...bytes: number[]) => {
      state = next;
      return Uint8Array.of(...bytes);
    };
    if (state === 'command' || below(random, 500) === 0) {
      command = first;
      if (command === 0x00) return said('command', ACK, 5, 0x31, 0x00, 0x02, 0x11, 0x31, 0x44, ACK);
      if (command === 0x02) return said('command', ACK, 1, id >> 8, id & 255, ACK);
      return said(command === 0x44 || command === 0x43 ? 'sector' : 'address', ACK);
    }
    if (state === 'sector') return said('command', ACK);
    // Shorter than any answer to what was asked: the host has lost its place.
    if (written.length < (state === 'address' ? 4 : 1)) return said('command', 0x1f);
    if (state === 'address') {
      at = new DataView(written.buffer, written.byteOffset).getUint32(0);
      return said(command === 0x31 ? 'data' : command === 0x11 ? 'count' : 'command', ACK);
    }
    if (state === 'data') {
      for (let i = 0; i <= first; i++) flash.set(at + i, written[1 + i]!);
      return said('command', ACK);
    }
    return said('command', ACK, ...Array.from({ length: first + 1 }, (_, i) => flash.get(at + i) ?? 0xff));
  };
}

const fpgas: Reader = {
  name: 'FPGA link: sessions of the host',
  parts: 3,
  timed: true,
  async open() {
    return {
      input: seedBytes,
      async read(bytes) {
        const random = seeded(word(bytes));
        const often = pick(random, [2, 6, 30]);
        const words: Record<number, number> = { 1: 1, 2: 10, 3: 3, 4: 0, 5: 0, 6: 4 };
        const port = portTo((written) => {
          const code = written[0]!;
          const reply = replyOf(code, new Uint8Array(4 * (words[code] ?? 0)).fill(7));
          return below(random, often)
            ? reply
            : below(random, 2)
              ? damaged(reply, random)
              : bytesOf(random, 60);
        });
        const link = fpgaLink(port, { logits: 10, tensors: 2, ms: 2 });
        const hash = await link.ping();
        await link.load(new Uint8Array(3000));
        const logits = await link.infer(new Int8Array(100));
        const { cycles } = await link.counters();
        await link.layers();
        await link.reset();
        return `${hash} ${logits.length} ${cycles}`;
      },
    };
  },
};

/** A reply counts words where a request counts bytes. */
function replyOf(code: number, body: Uint8Array): Uint8Array {
  const bytes = Uint8Array.of(code | 0x80, body.length / 4, 0, ...body);
  const crc = crc16(bytes);
  return Uint8Array.of(...bytes, crc & 255, crc >> 8);
}

/**
 * One board of each protocol whose program becomes a file: a raw image, one with the loader's header, UF2.
 */
const programBoards = ['mps2-an386-loader', 'rp2040', ...loaderBoards.map(({ name }) => name)];

const programs: Reader = {
  name: 'loader images (AN3155, UF2)',
  parts: 2,
  async open(folder) {
    const path = join(folder, 'program');
    const elf = Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, 0);
    return {
      input: (random) => {
        const name = below(random, programBoards.length);
        const program = new Uint8Array(1 << pick(random, [0, 4, 10, 17, 21]));
        const bytes = pick(random, [program, elf, new Uint8Array(), program.subarray(0, 3)]);
        return Uint8Array.of(name, ...damaged(bytes, random).subarray(0, 1 << 16));
      },
      async read(bytes) {
        writeFileSync(path, bytes.subarray(1));
        const { contents } = await flashFile(boardOf(programBoards[bytes[0]!]!), await programAt(path));
        return crc32(contents as Uint8Array);
      },
    };
  },
};

const espTables: Reader = {
  name: "loader images: ESP-IDF's table",
  parts: 1,
  async open(folder) {
    const path = join(folder, 'idf');
    rmSync(path, { recursive: true, force: true });
    mkdirSync(join(path, 'bootloader'), { recursive: true });
    writeFileSync(join(path, 'app.bin'), new Uint8Array(100));
    writeFileSync(join(path, 'bootloader', 'bootloader.bin'), new Uint8Array(100));
    const table = {
      write_flash_args: ['--flash_mode', 'dio'],
      flash_files: { '0x0': 'bootloader/bootloader.bin', '0x10000': 'app.bin' },
      extra_esptool_args: { after: 'hard_reset', chip: 'esp32s3' },
    };
    return {
      input: (random) => new Uint8Array(Buffer.from(hostileJson(table, random))),
      async read(bytes) {
        writeFileSync(join(path, 'flasher_args.json'), bytes);
        const parts = await partsOf(await programAt(path), { offset: 0 });
        const wrong = parts.find(
          ({ address }) => !(Number.isInteger(address) && address >= 0 && address < 2 ** 32),
        );
        if (wrong) throw new Error(`an address of ${wrong.address} was accepted`);
        return parts.map(({ address, data }) => `${address} ${data.length}`).join();
      },
    };
  },
};

export const deviceReaders: Reader[] = [frames, hellos, sessions, loaders, fpgas, programs, espTables];
