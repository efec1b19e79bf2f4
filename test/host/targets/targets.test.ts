import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parserOf } from '../../../host/cli/target-options.js';
import { verbs } from '../../../host/cli/verbs/index.js';
import { profiled, settled, targetNames, targetOf, targetOfBoard } from '../../../host/targets/index.js';
import { nameOf, problemWith } from '../../../host/targets/options.js';
import { writeGraph } from '../../../models/index.js';
import { cli } from '../../support/cli-in-process.js';
import { randomGraph, seeded } from '../../support/random-graph.js';

/** The table of targets, and the verbs that read it. */
const folder = mkdtempSync(join(tmpdir(), 'spikelet-targets-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const graph = join(folder, 'graph.safetensors');
writeFileSync(graph, writeGraph(randomGraph(seeded(31), 5)));
const taken = ['build', 'verify', 'profile'] as const;

test('an option of one name takes the same values for every target, and its default is one of them', () => {
  for (const verb of taken) {
    const known = new Map<string, unknown>();
    for (const target of targetNames)
      for (const option of targetOf(target).options[verb]) {
        const name = nameOf(option);
        assert.equal(option.value, known.get(name) ?? option.value, `${target}: ${name}`);
        known.set(name, option.value);
        if (option.default !== undefined)
          assert.is(problemWith(option.default, option.value), undefined, name);
      }
  }
});

test('a file in host/targets is in the table, and every verb offers what it takes', () => {
  for (const target of targetNames) {
    assert.ok(
      readdirSync(new URL('../../../host/targets', import.meta.url)).includes(`${target}.js`),
      target,
    );
    for (const verb of taken) {
      const flags = verbs[verb]!.options.map((option) => option.flags);
      for (const option of targetOf(target).options[verb])
        assert.ok(flags.includes(option.flags), option.flags);
    }
    assert.is(profiled.includes(target), targetOf(target).profile !== undefined);
    for (const { name } of targetOf(target).boards) assert.is(targetOfBoard(name), target);
  }
});

test('what the command line parses is what the functions take', () => {
  for (const [value, text, parsed, wrong] of [
    [{ kind: 'integer', from: 1, to: 64 }, '8', 8, 0.5],
    [{ kind: 'number', from: 1, to: 2 }, '1.5', 1.5, 3],
    [{ kind: 'bytes' }, '2k', 2048, 0],
    [{ kind: 'word', of: ['a', 'b'] }, 'b', 'b', 'c'],
    [{ kind: 'words', of: ['a', 'b'] }, 'b,a', ['b', 'a'], ['c']],
  ] as const) {
    assert.equal(parserOf(value)!(text), parsed);
    assert.is(problemWith(parsed, value), undefined);
    assert.match(problemWith(wrong, value)!, /^must be .*, got /);
  }
  assert.match(problemWith('yes', { kind: 'flag' })!, 'must be true or false, got "yes"');
  assert.match(problemWith(undefined, { kind: 'text' })!, 'got undefined');
});

test('settled fills in defaults and leaves out what is not given', () => {
  const given: object = { board: 'icebreaker', lanes: 2, seed: undefined };
  assert.equal(settled('verilog', 'build', given), {
    ...{ board: 'icebreaker', lanes: 2 },
    ...{ architecture: 'sequential', datapath: 'popcount' },
  });
});

test('an option of another target is a usage error that says of which', async () => {
  for (const [args, message] of [
    [['build', graph, '--target', 'wasm', '--lanes', '4'], '--lanes is for verilog'],
    [['build', graph, '--target', 'wasm', '--board', 'rp2040'], '--board is for firmware and verilog'],
    [['build', graph, '--target', 'verilog', '--ram', '4k'], '--ram is for wasm and firmware'],
    [['verify', graph, '--against', 'wasm', '--data', 'gestures', '--stall', '5'], '--stall is for verilog'],
    [['profile', graph, '--board', 'rp2040', '--data', 'gestures', '--lanes', '2'], '--lanes is for verilog'],
    [
      ['profile', graph, '--board', 'icebreaker', '--data', 'gestures', '--build', 'x'],
      '--build is for firmware',
    ],
  ] as [string[], string][]) {
    const { code, stderr } = await cli(...args, '--no-config');
    assert.is(code, 2, stderr);
    assert.match(stderr, `error: ${message}`);
    assert.match(stderr, 'hint: omit it');
  }
});

test("a configuration's options of another target than the flags' are left aside", async () => {
  const config = join(folder, 'config.json');
  const options = { target: 'verilog', board: 'icebreaker', lanes: 4, ram: '1m' };
  writeFileSync(config, JSON.stringify({ build: options }));
  const out = join(folder, 'built');
  const wasm = await cli('build', graph, '--target', 'wasm', '--out', out, '--config', config, '--json');
  assert.is(wasm.code, 0, wasm.stderr);
  assert.is(JSON.parse(wasm.stdout).target, 'wasm');
  // By itself it contradicts itself.
  const verilog = await cli('build', graph, '--out', out, '--config', config);
  assert.is(verilog.code, 2);
  assert.match(verilog.stderr, '--ram is for wasm and firmware');
});

test.run();
