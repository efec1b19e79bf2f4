import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { connectBoard } from '../../../host/device/board-link.js';
import { readHello } from '../../../host/device/hello.js';
import { openLink, RefusedError } from '../../../host/device/link.js';
import { decodeFrame, encodeFrame, frameReader } from '../../../host/device/link-frames.js';
import { removeFolders } from '../../support/firmware-project.js';
import { ask, compileLinkHost, linkNeeds, withProgram } from '../../support/link-host.js';
import { below, type Random, seeded } from '../../support/random-graph.js';
import { areThere, testWith } from '../../support/skip.js';

/** The link's two sides: frames alone, then the host's against the shell's own C over a real serial port. */
const seed = Number(process.env['SPIKELET_SEED'] ?? 1);

const randomBytes = (random: Random, most: number): Uint8Array =>
  Uint8Array.from({ length: below(random, most) }, () => below(random, 256));

test('frames and text come out of a stream as they went in, however it is cut', () => {
  const random = seeded(seed);
  const sent: string[] = [];
  const stream: number[] = [];
  for (let i = 0; i < 300; i++)
    if (below(random, 2)) {
      const frame = {
        sequence: below(random, 65536),
        kind: below(random, 256),
        payload: randomBytes(random, 40),
      };
      sent.push(JSON.stringify([frame.sequence, frame.kind, [...frame.payload]]));
      stream.push(...encodeFrame(frame));
    } else {
      const text = Array.from({ length: 1 + below(random, 9) }, () => 1 + below(random, 127));
      if (sent.at(-1)?.startsWith('text')) sent[sent.length - 1] += String.fromCharCode(...text);
      else sent.push(`text${String.fromCharCode(...text)}`);
      stream.push(...text);
    }
  const read = frameReader();
  const found: string[] = [];
  for (let at = 0; at < stream.length; ) {
    const next = at + 1 + below(random, 50);
    for (const piece of read(Uint8Array.from(stream.slice(at, next)))) {
      assert.not.ok('damaged' in piece);
      if ('frame' in piece)
        found.push(JSON.stringify([piece.frame.sequence, piece.frame.kind, [...piece.frame.payload]]));
      else if ('text' in piece) {
        const text = String.fromCharCode(...piece.text);
        if (found.at(-1)?.startsWith('text')) found[found.length - 1] += text;
        else found.push(`text${text}`);
      }
    }
    at = next;
  }
  assert.equal(found, sent);
});

test('no byte of a frame is text, no byte of it is zero, and a frame with any bit changed is not a frame', () => {
  const random = seeded(seed);
  for (let i = 0; i < 50; i++) {
    const frame = {
      sequence: below(random, 65536),
      kind: below(random, 256),
      payload: randomBytes(random, 30),
    };
    const line = encodeFrame(frame);
    assert.equal([line[0], line.at(-1)], [0, 0]);
    const inner = line.subarray(1, -1);
    assert.ok(inner.every((byte) => byte >= 128));
    assert.equal(decodeFrame(inner), frame);
    for (let at = 0; at < inner.length; at++) {
      const changed = inner.slice();
      changed[at]! ^= 1 << below(random, 7);
      const decoded = decodeFrame(changed);
      // Top bits beyond the last byte mean nothing.
      if (decoded) assert.equal(decoded, frame);
    }
  }
});

test('a stream without end of a frame does not fill the memory', () => {
  const read = frameReader();
  const endless = new Uint8Array(1 << 16).fill(0xff);
  for (let i = 0; i < 16; i++) assert.equal(read(endless), []);
  assert.equal(read(Uint8Array.of(0)), [{ damaged: 1 << 20 }]);
});

test('what a device says of itself is bounded and cannot control a terminal, or it is refused', () => {
  const numbers = [516, 0, 7, 48, 3, 2, 3, 1000, 1, 1, 4096, 96, 2048];
  const said = (words: number[], texts: string[]) =>
    Uint8Array.from([
      ...new Uint8Array(Uint32Array.from(words).buffer),
      ...texts.flatMap((text) => [text.length, ...Buffer.from(text, 'latin1')]),
    ]);
  const texts = ['a\x1b[2Jboard', 'net', 'cycles'];
  const { hello, payload } = readHello(said(numbers, texts))!;
  assert.equal([hello.board, hello.classes, payload], ['a\\x1b[2Jboard', 3, 516]);
  for (const [at, value] of [
    [0, 2 ** 31],
    [0, 4],
    [4, 2 ** 31],
    [5, 2 ** 31],
    [7, 0],
    [9, 0],
  ] as const)
    assert.is(readHello(said(numbers.with(at, value), texts)), undefined);
  assert.is(readHello(said(numbers, ['board', 'net', 'seconds'])), undefined);
  const random = seeded(seed);
  for (let i = 0; i < 300; i++) {
    const bytes = said(numbers, texts);
    bytes[below(random, bytes.length)]! ^= 1 << below(random, 8);
    const found = readHello(bytes.subarray(0, below(random, bytes.length + 1)));
    if (found) assert.match(found.hello.board + found.hello.model, /^[\x20-\x7e]*$/);
  }
});

const withLink = await testWith(linkNeeds);
const program = (await areThere(linkNeeds)) ? await compileLinkHost() : '';

withLink('over a clean line nothing is sent twice, and each image is computed once', async () => {
  const random = seeded(seed);
  const tally = await withProgram(program, { random }, (port) => ask(port, random, 400, { ms: 60_000 }));
  assert.equal(tally.wrong, []);
  assert.equal([tally.again, tally.reported], [0, 0]);
});

withLink(
  '2,000 frames, bytes dropped, flipped, doubled and delayed at 1e-3 each: none wrong, all delivered or reported',
  async () => {
    const random = seeded(seed);
    const noise = { every: 333, lateEvery: 1000, lateMs: 60 };
    const tally = await withProgram(program, { random, noise }, (port) => ask(port, random, 2000));
    assert.equal(tally.wrong, []);
    assert.ok(tally.again > 0 && tally.images > 100, JSON.stringify(tally));
  },
);

withLink('on a line that is too bad for few tries, what is not delivered is reported', async () => {
  const random = seeded(seed);
  const noise = { every: 100, lateEvery: 1000, lateMs: 60 };
  const tally = await withProgram(program, { random, noise }, (port) => ask(port, random, 500, { tries: 2 }));
  assert.equal(tally.wrong, []);
  assert.ok(tally.reported > 0, JSON.stringify(tally));
});

withLink('hostile frames are refused by name, and the device goes on', async () => {
  const random = seeded(seed);
  await withProgram(program, { random }, async (port) => {
    const board = await connectBoard(port);
    const refusal = async (kind: number, payload: Uint8Array) =>
      board.link.ask(kind, payload).then(
        () => 'answered',
        (error: unknown) => (error instanceof RefusedError ? error.refusal : String(error)),
      );
    assert.is(await refusal(9, new Uint8Array()), 'unknown');
    assert.is(await refusal(0, new Uint8Array()), 'unknown');
    assert.is(await refusal(2, new Uint8Array(3)), 'wrong-size');
    assert.is(await refusal(3, new Uint8Array(5)), 'wrong-size');
    assert.is(await refusal(2, Uint8Array.of(1, 0, 0, 0, 7)), 'out-of-order');
    assert.is(await refusal(2, new Uint8Array(4 + 49)), 'out-of-order');
    assert.is(await refusal(2, new Uint8Array(516).fill(255)), 'out-of-order');
    assert.is(await refusal(3, new Uint8Array(4)), 'incomplete');
    assert.is(await refusal(4, new Uint8Array(4)), 'not-computed');
    assert.is(await refusal(3, new Uint8Array(4).fill(255)), 'not-traced');
    await board.infer(new Int8Array(48));
    assert.is(await refusal(5, new Uint8Array(4)), 'not-computed');
    assert.is(await refusal(4, new Uint8Array(4).fill(255)), 'wrong-size');
    // Whatever comes, the answer is one of the link's, and the sanitizers of the program say nothing.
    for (let i = 0; i < 300; i++)
      await board.link.ask(below(random, 7), randomBytes(random, 517)).catch((error: unknown) => {
        assert.instance(error, RefusedError);
        assert.is.not((error as RefusedError).refusal, 'unnamed');
      });
    // Longer than any frame, bytes that are not a frame, and another version.
    for (const bytes of [
      encodeFrame({ sequence: 1, kind: 2, payload: new Uint8Array(600) }),
      randomBytes(random, 4000),
    ])
      await port.write(bytes);
    await port.write(Uint8Array.of(0, 0x80, 0, 0x80, 0x81, 0));
    await port.drain(100);
    assert.is(await board.stackUsed(), 1234);
  });
});

withLink(
  'a device that was reset says so instead of computing on nothing; text between frames harms none',
  async () => {
    await withProgram(program, { random: seeded(seed) }, async (port) => {
      const board = await connectBoard(port);
      const pixels = Int8Array.from({ length: 48 }, (_, i) => i);
      await port.write(Buffer.from('name%\r\n'));
      const { logits } = await board.infer(pixels);
      await port.write(Buffer.from('text'));
      await board.reset();
      const lost = await board.infer(pixels).catch((error: unknown) => error);
      assert.is((lost as RefusedError).refusal, 'no-session');
      const again = await connectBoard(port);
      assert.equal([...(await again.infer(pixels)).logits], [...logits]);
    });
  },
);

withLink('a request that comes again with its number is answered without being done twice', async () => {
  await withProgram(program, { random: seeded(seed) }, async (port) => {
    const board = await connectBoard(port, { sequence: 100 });
    const before = (await board.infer(new Int8Array(48))).logits[2]!;
    const link = openLink(port, { sequence: 200 });
    await link.ask(2, new Uint8Array(4 + 48));
    const line = encodeFrame({ sequence: 202, kind: 3, payload: new Uint8Array(4) });
    const answers: number[] = [];
    const read = frameReader();
    await port.write(Buffer.concat([line, line, line]));
    while (answers.length < 3)
      for (const piece of read(await port.readSome(10_000))) {
        assert.ok('frame' in piece && piece.frame.sequence === 202 && piece.frame.kind === 0x83);
        const { payload } = piece.frame;
        answers.push(new DataView(payload.buffer, payload.byteOffset).getInt32(12, true));
      }
    assert.equal(answers, [before + 1, before + 1, before + 1]);
  });
});

test.after(removeFolders);
test.run();
