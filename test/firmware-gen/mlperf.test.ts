import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boardOf } from '../../firmware-gen/boards/index.js';
import { boardHeader } from '../../firmware-gen/header.js';
import { printModel } from '../../host/toolchain/model.js';
import { readShell } from '../../host/toolchain/shell.js';
import { planModel } from '../../wasm/plan-model.js';
import { compileProgram, runHere, talkHere, testSource } from '../support/firmware-host.js';
import { removeFolders } from '../support/firmware-project.js';
import { bytes, graph, images, logitsOf } from '../support/mlperf-example.js';
import { probabilities, resultsLine, thousandths } from '../support/mlperf-results.js';
import { gcc32 } from '../support/needs.js';
import { below, seeded } from '../support/random-graph.js';
import { areThere, testWith } from '../support/skip.js';

/** MLPerf Tiny's protocol in the firmware, compiled for this machine under sanitizers. */
const board = boardOf('mps2-an386');
const shell = await readShell();
const model = await printModel(planModel(graph, { tier: 'swar' }));
const compile = async () =>
  compileProgram([
    ...shell.filter(({ path }) => /^(mlperf|inference|crc32|lap|softmax|text)\.c$|^[^/]+\.h$/.test(path)),
    ...model,
    { path: 'board.h', contents: boardHeader(board) },
    await testSource('platform-host.c'),
    await testSource('only-mlperf.c'),
  ]);

const hex = (raw: Uint8Array) => Buffer.from(raw).toString('hex');
/** Commands that load an image, this many bytes in each. */
const loading = (raw: Uint8Array, step = 31): string =>
  `db load ${raw.length}%${hex(raw).replace(new RegExp(`.{1,${2 * step}}`, 'g'), 'db $&%')}`;

/** What the device says, as the lines before each `m-ready`. */
function talk(program: string, sent: string | Uint8Array, ticks = 25, spare = bytes): string[][] {
  const { status, stdout, stderr } = runHere(program, sent, { TICKS: `${ticks}`, SPARE: `${spare}` });
  assert.is(status, 0, String(stderr));
  return answersOf(stdout.toString('latin1'));
}

/** The lines before each `m-ready`. */
function answersOf(said: string): string[][] {
  const answers = said.split('m-ready\r\n');
  assert.is(answers.pop(), '');
  return answers.map((answer) => {
    const lines = answer.split('\r\n');
    assert.is(lines.pop(), '');
    return lines;
  });
}

const withProgram = await testWith([gcc32]);
const program = (await areThere([gcc32])) ? await compile() : '';

withProgram('who it is', () => {
  assert.equal(talk(program, 'name%profile%timestamp%timestamp%%'), [
    ['m-name-dut-[mps2-an386]'],
    ['m-profile-[ULPMark for tinyML Firmware V0.0.1]', 'm-model-[random]'],
    ['m-lap-us-1'],
    ['m-lap-us-2'],
    [],
  ]);
  assert.ok(talk(program, 'help%')[0]!.length > 5);
});

withProgram(
  'results of images are the softmax of the logits of the interpreter, the largest where theirs is',
  () => {
    const answers = talk(program, images.map((raw) => `${loading(raw)}infer 1 0%`).join(''));
    const perImage = 2 + Math.ceil(bytes / 31);
    assert.ok(new Set(images.map((raw) => resultsLine(thousandths(graph, logitsOf(raw))))).size > 10);
    for (const [i, raw] of images.entries()) {
      const [load, ...rest] = answers.slice(i * perImage, (i + 1) * perImage);
      assert.equal(load, [`m-[Expecting ${bytes} bytes]`]);
      const infer = rest.pop()!;
      assert.equal(rest.pop(), ['m-load-done']);
      for (const answer of rest) assert.equal(answer, []);
      const values = thousandths(graph, logitsOf(raw));
      assert.equal(
        infer.map((line) => line.replace(/us-\d+/, 'us-N')),
        [
          'm-warmup-start-0',
          'm-warmup-done',
          'm-infer-start-1',
          'm-lap-us-N',
          'm-lap-us-N',
          'm-infer-done',
          resultsLine(values),
        ],
      );
      assert.is(bestOf(values), bestOf([...logitsOf(raw)]));
      for (const [c, p] of probabilities(graph, logitsOf(raw)).entries())
        assert.ok(Math.abs(values[c]! / 1000 - p) < 0.0015, `${values[c]} thousandths, not ${1000 * p}`);
    }
  },
);

withProgram('inferences that follow each other have the same image, warm-ups are not measured', () => {
  const raw = images[7]!;
  const expected = resultsLine(thousandths(graph, logitsOf(raw)));
  const [first, again, tenth] = talk(program, `${loading(raw)}infer 9 3%results%infer%`).slice(-3);
  assert.is(first!.at(-1), expected);
  assert.equal(again, [expected]);
  assert.equal(tenth!.slice(0, 3), ['m-warmup-start-10', 'm-warmup-done', 'm-infer-start-1']);
  // The counter moves a microsecond each time it is looked at, three times for an inference.
  assert.is(elapsed(first!), 3 * 9);
  assert.is(elapsed(tenth!), 3);
});

withProgram('the timer goes on where the counter of 32 bits wraps', () => {
  const most = (2 ** 32 - 1) / 3;
  const answers = talk(program, `${loading(images[0]!)}infer 100 0%timestamp%`, most);
  // Whole microseconds are told, so that both ends may lack a part of one.
  assert.ok(Math.abs(elapsed(answers.at(-2)!) - (300 * most) / 25) <= 1);
  assert.is(answers.at(-1)![0], `m-lap-us-${Math.floor((302 * most) / 25)}`);
});

withProgram(
  'an endless infer is broken off by any byte but the end of a line, and that is taken as ever',
  async () => {
    const loaded = loading(images[0]!);
    for (const [infer, begun, told] of [
      [
        'infer 1000000000 0%',
        'm-infer-start-1000000000\r\n',
        /^e-\[Stopped after \d+ of 1000000000 inferences\]$/,
      ],
      [
        'infer 1 1000000000%',
        'm-warmup-start-1000000000\r\n',
        /^e-\[Stopped after \d+ of 1000000000 warm-ups\]$/,
      ],
    ] as const)
      for (const [further, answers] of [
        ['%', [[]]],
        ['\r\n%', [[]]],
        ['name%', [['m-name-dut-[mps2-an386]']]],
        ['\x03', []],
        ['\x80', []],
      ] as const) {
        const said = await talkLive(program, `${loaded}${infer}`, begun, further);
        const found = said.slice(-1 - answers.length);
        assert.match(found[0]!.at(-1)!, told);
        assert.not.ok(found[0]!.some((line) => /^m-(results|lap|infer-done)/.test(line)));
        assert.equal(found.slice(1), answers, JSON.stringify(further));
      }
  },
);

withProgram(
  'an end of a line behind a command breaks nothing off, nor does what was sent before',
  async () => {
    const raw = images[3]!;
    const expected = resultsLine(thousandths(graph, logitsOf(raw)));
    const said = await talkLive(
      program,
      `${loading(raw)}infer 50000 3%\r\n`,
      'm-infer-start-50000\r\n',
      '\n\r\n',
    );
    assert.is(said.at(-1)!.at(-1), expected);
    const both = talk(program, `${loading(raw)}infer 9 3%results%`).slice(-2);
    assert.equal([both[0]!.at(-1), both[1]], [expected, [expected]]);
  },
);

withProgram('numbers that are too large are refused, whatever they are modulo 2^32', () => {
  const most = 'e-[Inference iterations and warmup must be <=1000000000]';
  for (const [command, error] of [
    ['infer 4294967295 0', most],
    ['infer 4294967297 0', most],
    ['infer 1000000001 0', most],
    [`infer ${'9'.repeat(60)} 0`, most],
    ['infer 1 4294967296', most],
    ['infer 1 1000000001', most],
    ['infer 99999999999x 0', 'e-[Inference iterations must be >0]'],
    ['db load 4294967297', "e-[Command 'db load' must be >0 bytes]"],
    ['db print 4294967297 4294967295', ''],
  ] as const)
    assert.equal(talk(program, `${loading(images[0]!)}${command}%`).at(-1), [error], command);
});

withProgram('what is wrong is answered by an error, and the next command is as ever', () => {
  const loaded = loading(images[0]!);
  for (const [sent, error] of [
    ['abc 1', 'e-[Unknown command: abc]'],
    ['db', "e-[Command 'db' requires a subcommand]"],
    ['db load', "e-[Command 'db load' requires the # of bytes]"],
    ['db load 0', "e-[Command 'db load' must be >0 bytes]"],
    ['db load -4', "e-[Command 'db load' must be >0 bytes]"],
    ['db load 99999999999', "e-[Command 'db load' must be >0 bytes]"],
    [`db load ${bytes + 1}`, `e-[An image has ${bytes} bytes]`],
    ['db 00', "e-[No bytes are expected: announce them with 'db load N']"],
    ['infer 1 0', `e-[An image has ${bytes} bytes, 0 are loaded]`],
    ['results', `e-[An image has ${bytes} bytes, 0 are loaded]`],
    ['db load 3%db 0g', "e-[Invalid hex digit '0g']"],
    ['db load 3%db 001', 'e-[Insufficient number of hex digits]'],
    [`db load ${bytes}%db 0011%infer 1 0`, `e-[An image has ${bytes} bytes, 2 are loaded]`],
    [`${loaded}infer 0 0`, 'e-[Inference iterations must be >0]'],
    [`${loaded}infer 1 -1`, 'e-[Inference warmup must be >=0]'],
    [`${loaded}db 00`, "e-[No bytes are expected: announce them with 'db load N']"],
    ['a'.repeat(81), 'e-[A command has at most 80 characters]'],
    ['a'.repeat(5000), 'e-[A command has at most 80 characters]'],
    ['a'.repeat(80), `e-[Unknown command: ${'a'.repeat(80)}]`],
  ] as const)
    assert.equal(talk(program, `${sent}%name%`).slice(-2), [[error], ['m-name-dut-[mps2-an386]']], sent);
});

withProgram(
  'bytes of the image are printed; digits after the last are ignored; what is not text starts a new command',
  () => {
    const raw = Uint8Array.from({ length: 20 }, (_, i) => 7 * i);
    const answers = talk(program, `${loading(raw, 19)}db print%db print 3 18%db print 4 99%`);
    const line = (from: number, to: number) =>
      `m-buffer-${hex(raw.subarray(from, to)).replace(/..(?!$)/g, '$&-')}`;
    assert.equal(answers.slice(-3), [[line(0, 8), line(8, 16)], [line(18, 20)], ['']]);
    assert.equal(talk(program, 'db load 1%db 00112233%').at(-1), ['m-load-done']);
    const noise = Uint8Array.from([0xff, 0x41, 0x00, 0x80, 13, 10, ...Buffer.from('name%')]);
    assert.equal(talk(program, noise), [['m-name-dut-[mps2-an386]']]);
  },
);

withProgram('a board without RAM for the image says so', () => {
  const short = `e-[No RAM for an image of ${bytes} bytes: ${bytes - 1} are left over]`;
  const answers = talk(program, `db load ${bytes}%db print%name%`, 25, bytes - 1);
  assert.equal(answers, [[short], [short], ['m-name-dut-[mps2-an386]']]);
});

withProgram('no bytes whatever make it read or write where it may not', () => {
  const noise = seeded(9);
  const words = [
    'db ',
    'load ',
    'print ',
    'infer ',
    'results',
    'name',
    '%',
    '%',
    ' ',
    `${bytes}`,
    '0',
    '1 0',
    '9',
    'ff',
  ];
  const sent = Array.from({ length: 20_000 }, () =>
    noise() < 0.9 ? words[below(noise, words.length)]! : String.fromCharCode(below(noise, 256)),
  ).join('');
  const answers = talk(program, Buffer.from(`${sent}%name%`, 'latin1'));
  assert.equal(answers.at(-1), ['m-name-dut-[mps2-an386]']);
});

/** Sends `sent`, and `further` once the device has said `begun`; its answers, as talk() has them. */
async function talkLive(program: string, sent: string, begun: string, further: string): Promise<string[][]> {
  const env = { TICKS: '25', SPARE: `${bytes}`, LIVE: '1' };
  const { status, stdout } = await talkHere(program, env, async (write, saidSoFar) => {
    write(sent);
    while (!(await saidSoFar()).includes(begun));
    write(further);
  });
  assert.is(status, 0);
  return answersOf(stdout);
}

const bestOf = (values: number[]): number => values.indexOf(Math.max(...values));

/** Microseconds between the two laps of an answer. */
function elapsed(lines: string[]): number {
  const [start, end] = lines
    .filter((line) => line.startsWith('m-lap-us-'))
    .map((line) => Number(line.slice(9)));
  return end! - start!;
}

test.after(removeFolders);
test.run();
