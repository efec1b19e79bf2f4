import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { emitBoardTop, linkSources } from '../../../fpga/board-top.js';
import { fpgaBoardOf } from '../../../fpga/boards/index.js';
import { fpgaLink, requestOf } from '../../../host/device/fpga-link.js';
import { openPort } from '../../../host/device/port.js';
import { rtlFiles } from '../../../host/eda/rtl-files.js';
import { connect, type SimulatedBoard, simulateBoard } from '../../../host/eda/simulated-board.js';
import { exampleCore, exampleLogits, exampleSource } from '../../support/fpga-example.js';
import { cxxrtl, socat } from '../../support/needs.js';
import { createPty } from '../../support/pty.js';
import { areThere, testWith } from '../../support/skip.js';

/** The host link on a board that CXXRTL simulates, byte by byte and over a real serial port. */
const link = suite('fpga link');
const test = await testWith(cxxrtl, link);
const testOverSerial = await testWith([...cxxrtl, socat], link);
const board = fpgaBoardOf('icebreaker');
const values = Int8Array.from({ length: 12 }, (_, i) => (i * 37) % 251);
const weights = Int8Array.of(5, -7, 127, -128);
let simulated: SimulatedBoard;

const bytesOf = ({ buffer }: Int8Array) => new Uint8Array(buffer);
const ask = (code: number, payload: number[] | Uint8Array = []) =>
  simulated.run(requestOf(code, Uint8Array.from(payload)), 5000);
const refused = (reply: Uint8Array) => assert.equal([...reply.subarray(0, 3)], [0x15, 0, 0]);

if (await areThere(cxxrtl))
  link.before(async () => {
    simulated = await simulateBoard(
      [
        ...(await rtlFiles(linkSources)),
        exampleSource,
        ...emitBoardTop(board, exampleCore, { hash: 0xc0ffee01 }),
      ],
      board,
    );
  });

test('a ping is answered by the configuration, with its CRC', () => {
  const reply = ask(1);
  assert.equal([...reply.subarray(0, 7)], [0x81, 1, 0, 0x01, 0xee, 0xff, 0xc0]);
  assert.equal([...requestOf(0x81, reply.subarray(3, 7))].slice(3, 7), [...reply.subarray(3, 7)]);
});

test('a damaged, unknown or ill-sized request is refused, and the next one is answered', () => {
  const damaged = requestOf(2, bytesOf(values));
  damaged[7]! ^= 4;
  refused(simulated.run(damaged, 5000));
  refused(ask(9));
  refused(ask(2, [1, 2, 3]));
  refused(ask(4, [0, 0, 0, 0]));
  assert.is(ask(1)[0], 0x81);
});

test('a frame is refused until the weights are whole, also after a load that broke off or was damaged', () => {
  const notLoaded = () => assert.equal([...ask(2, bytesOf(values)).subarray(0, 3)], [0x16, 0, 0]);
  const status = () => ask(7)[3];
  const answered = () => {
    assert.is(ask(2, bytesOf(values))[0], 0x82);
    // The reply is longer than the clocks that `ask` waits.
    simulated.run(new Uint8Array(), 5000);
  };
  const load = (from: number, bytes: Uint8Array) => ask(4, [from, 0, 0, 0, ...bytes]);
  notLoaded();
  assert.is(status(), 0);
  assert.is(load(0, bytesOf(weights).subarray(0, 2))[0], 0x84);
  notLoaded();
  assert.is(load(2, bytesOf(weights).subarray(2))[0], 0x84);
  assert.is(status(), 1);
  answered();
  const damaged = requestOf(4, Uint8Array.of(0, 0, 0, 0, ...bytesOf(weights)));
  damaged[8]! ^= 1;
  refused(simulated.run(damaged, 5000));
  notLoaded();
  assert.is(status(), 0);
  load(0, bytesOf(weights));
  answered();
  simulated.run(requestOf(4, Uint8Array.of(0, 0, 0, 0, ...bytesOf(weights))).subarray(0, 9), 1000);
  simulated.run(new Uint8Array(), 2 ** 18);
  notLoaded();
});

test('a request that stops is forgotten', () => {
  assert.is(simulated.run(requestOf(1, new Uint8Array()).subarray(0, 3), 1000).length, 0);
  simulated.run(new Uint8Array(), 2 ** 18);
  assert.is(ask(1)[0], 0x81);
});

testOverSerial('weights, a frame, its logits and counters, over a serial port', async () => {
  const pty = await createPty();
  const disconnect = connect(simulated, pty, 50_000);
  const port = await openPort(pty.path, { baud: board.baud });
  try {
    const device = fpgaLink(port, { logits: exampleCore.logits, tensors: exampleCore.tensors, ms: 20_000 });
    assert.is(await device.ping(), 0xc0ffee01);
    await device.load(bytesOf(weights));
    await device.reset();
    for (let round = 0; round < 3; round++) {
      const frame = values.map((v, i) => (i % 3 === round ? 0 : v));
      assert.equal([...(await device.infer(frame))], exampleLogits(frame, weights));
      const { cycles, spikes, stalls } = await device.counters();
      assert.is(spikes, frame.filter((v) => v !== 0).length);
      // A value each second clock.
      assert.is(stalls, 11);
      assert.ok(cycles >= 24, `${cycles} cycles`);
      const [input, logits] = await device.layers();
      assert.is(input!.spikes, spikes);
      assert.is(logits!.spikes, spikes);
      assert.ok(input!.cycles >= 23 && input!.cycles < logits!.cycles && logits!.cycles <= cycles);
    }
  } finally {
    disconnect();
    await port.close();
    await pty.close();
  }
});

link.run();
