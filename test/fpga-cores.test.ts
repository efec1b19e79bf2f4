import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cores } from '../fpga/emit.js';
import { bench, icarus, present, rtl } from './fpga-icarus.js';

const folder = mkdtempSync(join(tmpdir(), 'spikelet-cores-'));
const all = [...new Set([...Object.values(cores).flat(), 'fifo.v'])];
test.after(() => rmSync(folder, { recursive: true, force: true }));

const benches: [core: string, parameters: Record<string, number>][] = [
  ['fifo', { ADDRESS: 1 }],
  ['fifo', { ADDRESS: 2 }],
  ['event_extract', {}],
  ['fire_count', {}],
  ['spike_steps', { DATAPATH: 0 }],
  ['spike_steps', { DATAPATH: 1 }],
  ['spike_steps', { DATAPATH: 2 }],
  ['scale', {}],
];

test('every case of a small core, with stalls, is right', () => {
  if (!present('iverilog', '-V')) return;
  for (const [core, parameters] of benches) {
    const sources = [bench(`benches/${core}_bench.v`), rtl(`${core}.v`), rtl('ram.v')];
    assert.match(icarus(folder, sources, parameters), /^right/, `${core} ${JSON.stringify(parameters)}`);
  }
});

const illegal: [core: string, parameters: Record<string, number>, says: RegExp][] = [
  ['spike_steps', { DATAPATH: 3 }, /DATAPATH_must_be_0_1_or_2/],
  ['fifo', { ADDRESS: 0 }, /ADDRESS_must_be_at_least_1/],
  ['ram', { DEPTH: 300 }, /too_narrow/],
  ['scale', { VALUE: 40 }, /PRODUCT_is_narrower/],
  ['spike_lane', { SUM: 7 }, /SUM_is_narrower/],
  ['spike_engine', { WEIGHT: 5 }, /WEIGHT_must_be_4_6_or_8/],
  ['spike_engine', { LANES: 0 }, /LANES_must_be_at_least_1/],
  ['spike_engine', { SUM: 40 }, /needs_MAP_le_SUM/],
];

test('illegal parameters stop elaboration and say which', () => {
  if (!present('iverilog', '-V')) return;
  for (const [core, parameters, says] of illegal) {
    const set = Object.entries(parameters).map(([name, value]) => `-P${core}.${name}=${value}`);
    const { status, stderr } = spawnSync(
      'iverilog',
      ['-g2005', '-s', core, ...set, '-o', join(folder, 'illegal.vvp'), ...all.map(rtl)],
      { encoding: 'utf8' },
    );
    assert.is.not(status, 0, core);
    assert.match(stderr, says);
  }
});

test('every core is linted', () => {
  if (!present('verilator', '--version')) return;
  const found = readdirSync(rtl('')).filter((name) => name.endsWith('.v'));
  for (const name of all) assert.ok(found.includes(name), `${name} is not in fpga/rtl`);
  for (const name of all) {
    const top = name.replace('.v', '');
    const { status, stderr } = spawnSync(
      'verilator',
      ['--lint-only', '-Wall', `-I${rtl('')}`, '--top-module', top, rtl(name)],
      { encoding: 'utf8' },
    );
    assert.is(status, 0, `${name}: ${stderr}`);
  }
});

test.run();
