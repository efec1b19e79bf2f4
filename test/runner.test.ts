import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { longest } from './longest.js';

/** The runner of these tests, on the tiny files of test/runner. */
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

function run(...args: string[]) {
  const all = [path('run.js'), '--folder', path('runner'), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, { encoding: 'utf8' });
  assert.is(stderr, '');
  return { status, stdout, last: stdout.trimEnd().split('\n').at(-1) };
}

/** Files, what is counted of them, and what is said of a file that failed apart from its tests. */
const files: [name: string, passed: number, failed: number, skipped: number, problem?: RegExp][] = [
  ['passes', 2, 0, 0],
  ['fails', 1, 1, 0],
  ['skips-all', 0, 0, 2],
  ['mixes', 2, 2, 2],
  ['crashes', 0, 1, 0, /it ended with code 1, before its tests did/],
  ['exits', 0, 1, 0, /it ended with code 1, before its tests did/],
  ['never-settles', 0, 1, 0, /before its tests did/],
  ['rejects-late', 1, 1, 0, /its tests passed, and it ended with code 1/],
  ['registers-nothing', 0, 1, 0, /it has no test/],
  ['never-run', 0, 1, 0, /it has no test/],
  ['pretends', 1, 1, 0],
  ['broken-setup', 0, 2, 0, /a hook of a suite failed/],
  ['skips-silently', 1, 1, 1, /1 of its tests are skipped without a reason/],
  ['only-one', 1, 1, 1, /1 of its tests are skipped without a reason/],
  ['leaves-a-child', 1, 0, 0],
];

const lineOf = (passed: number, failed: number, skipped: number) =>
  `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;

for (const [name, passed, failed, skipped, problem] of files)
  test(`${name}: ${lineOf(passed, failed, skipped)}`, () => {
    const { status, stdout, last } = run(name);
    assert.is(last, lineOf(passed, failed, skipped), stdout);
    assert.is(status, failed ? 1 : 0);
    assert.match(stdout, new RegExp(`^${failed ? 'FAIL' : 'ok  '} ${name}: ${last} in `, 'm'));
    assert.match(stdout, problem ?? /^(?!.*(it ended|it has no test|a hook|without a reason))/s);
    if (name === 'pretends') assert.match(stdout, 'on purpose');
  });

test('a file that hangs, spins or stays open is ended and has failed', () => {
  const { status, stdout, last } = run('--limit', '4000', 'hangs', 'spins', 'stays-open');
  assert.is(status, 1);
  for (const name of ['hangs', 'spins'])
    assert.match(stdout, new RegExp(`^FAIL ${name}: 0 passed, 1 failed in .*\n +it ended after 4 s`, 'm'));
  assert.match(stdout, /^FAIL stays-open: .* 1 failed in .*\n.*it ended after 4 s/m);
  assert.match(last!, /^[01] passed, 3 failed$/);
});

test('a skip says what is missing and the line that installs it, of what is missing alone', () => {
  const { stdout } = run('skips-all');
  for (const name of ['one', 'two'])
    assert.match(stdout, `     skipped: ${name}: needs absent (apt-get install absent)\n`);
});

test('files are summed up', () => {
  assert.is(run('passes', 'fails', 'skips-all').last, '3 passed, 1 failed, 2 skipped');
});

test('files that start first are there', () => {
  for (const name of longest) assert.ok(existsSync(path(`${name}.test.js`)), name);
  assert.is(new Set(longest).size, longest.length);
});

test('no file is a failure too', () => {
  const { status, stdout, last } = run('abacus');
  assert.is(status, 1);
  assert.match(stdout, 'is named abacus');
  assert.is(last, '0 passed, 0 failed');
});

test.run();
