import { type ChildProcess, spawn } from 'node:child_process';
import { constants, openSync, readFileSync } from 'node:fs';
import { npmInstall } from '../system/version.js';
import { createPico, type Pico } from './rp2040.js';

/**
 * A separate process that emulates a Pico: its UART is a PTY made by socat, and its path is printed in QEMU's
 * format. Runs until it is killed; socat ends with it.
 */
type Request = { program: string; vectors: number; files: { path: string; address: number }[] };

/** Instructions between two checks of the serial port. */
const SLICE = 50_000;

const request = JSON.parse(process.argv[2]!) as Request;

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

const { Simulator } = await import('rp2040js').catch(() =>
  fail(`rp2040js is not installed: ${npmInstall('rp2040js')}`),
);

const pico = createPico(() => new Simulator(), request.vectors);
for (const { path, address } of [{ path: request.program, address: 0x10000000 }, ...request.files])
  pico.load(readFileSync(path), address);

const socat = spawn('socat', ['-d', '-d', 'PTY,rawer', 'STDIO'], { stdio: ['pipe', 'pipe', 'pipe'] });
socat.once('error', () => fail('socat is not installed: apt-get install socat'));
socat.once('exit', () => fail('socat ended'));
announce(socat);

const input: Buffer[] = [];
let idle = false;
socat.stdout.on('data', (bytes: Buffer) => {
  input.push(bytes);
  if (idle) slice();
});
slice();

/**
 * Prints the PTY's path when socat reports it, and holds it open: without a client, socat would see end of
 * file and stop.
 */
function announce({ stderr }: ChildProcess): void {
  let said = '';
  stderr!.on('data', (text: Buffer) => {
    const known = said.includes('PTY is ');
    said = (said + text).slice(-4096);
    const [, path] = /PTY is (\S+)\n/.exec(said) ?? [];
    if (!path || known) return;
    openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
    process.stdout.write(`char device redirected to ${path} (label serial0)\n`);
  });
}

/** Runs in slices until the firmware waits for a byte; virtual time stops then. */
function slice(): void {
  idle = false;
  const state = runSlice(pico);
  const output = pico.takeOutput();
  if (output.length) socat.stdin.write(output);
  if (state === 'waiting' && !input.length) idle = true;
  else setImmediate(slice);
}

function runSlice(machine: Pico): 'running' | 'waiting' {
  for (;;) {
    while (input.length) {
      const taken = machine.give(input[0]!);
      if (taken < input[0]!.length) input[0] = input[0]!.subarray(taken);
      else input.shift();
      if (!taken) break;
    }
    const state = machine.run(SLICE);
    if (state === 'running' || !input.length) return state;
  }
}
