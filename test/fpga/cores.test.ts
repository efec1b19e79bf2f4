import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cores } from '../../fpga/emit/index.js';
import { bench, icarus, rtl, writeFiles } from '../support/fpga-icarus.js';
import { iverilog, verilator } from '../support/needs.js';
import { testWith } from '../support/skip.js';

const folder = mkdtempSync(join(tmpdir(), 'spikelet-cores-'));
const all = [...new Set([...Object.values(cores).flat(), 'fifo.v'])];
test.after(() => rmSync(folder, { recursive: true, force: true }));
const withIcarus = await testWith([iverilog]);
const withVerilator = await testWith([verilator]);

const benches: [core: string, parameters: Record<string, number>][] = [
  ['fifo', { ADDRESS: 1 }],
  ['fifo', { ADDRESS: 2 }],
  ['encode', {}],
  ['event_extract', {}],
  ['finish', { DSP: 0 }],
  ['finish', { DSP: 1 }],
  ['spike_steps', { DATAPATH: 0 }],
  ['spike_steps', { DATAPATH: 1 }],
  ['spike_steps', { DATAPATH: 2 }],
  ['scale', { DSP: 0 }],
  ['scale', { DSP: 1 }],
  ['fifo_ram', { DEPTH: 2 }],
  ['fifo_ram', { DEPTH: 3 }],
  ['stream_fork', {}],
  ['event_select', {}],
  ['event_replay', { FOLD: 1 }],
  ['event_replay', { FOLD: 3 }],
  ['thresholds', {}],
  ['charge', { PARALLEL: 0, CLAMP: 0 }],
  ['charge', { PARALLEL: 1, CLAMP: 0 }],
  ['charge', { PARALLEL: 0, CLAMP: 5 }],
  ['charge', { PARALLEL: 1, CLAMP: 5 }],
];

/** Constants of the benches: words of {multiplier, bias}, and of thresholds, for two channels. */
const constants = [
  {
    path: 'charge.hex',
    contents: `${((2 << 9) | 60).toString(16)}\n${((5 << 9) | (-19 & 511)).toString(16)}\n`,
  },
  { path: 'thresholds.hex', contents: '708\n5dd\n' },
];

withIcarus('every case of a small core, with stalls, is right', () => {
  writeFiles(folder, constants);
  for (const [core, parameters] of benches) {
    const needs = ['multiply', 'ram', 'rom', 'scale']
      .filter((name) => name !== core)
      .map((name) => rtl(`${name}.v`));
    const sources = [bench(`benches/${core}_bench.v`), rtl(`${core}.v`), ...needs];
    assert.match(icarus(folder, sources, parameters), /^right/, `${core} ${JSON.stringify(parameters)}`);
  }
});

/** Maps, kernels, strides and paddings: [rows, columns] each; the channels, their groups and the values of a word. */
const windows: {
  map: [number, number];
  kernel: [number, number];
  stride: [number, number];
  padding: [number, number];
  channels: [all: number, groups: number, pack: number];
  unit?: number;
}[] = [
  { map: [9, 5], kernel: [3, 3], stride: [1, 1], padding: [1, 1], channels: [2, 1, 1] },
  { map: [8, 4], kernel: [3, 3], stride: [1, 1], padding: [1, 1], channels: [4, 2, 2], unit: 1 },
  { map: [15, 6], kernel: [5, 5], stride: [2, 2], padding: [2, 2], channels: [1, 1, 1] },
  { map: [5, 5], kernel: [5, 5], stride: [1, 1], padding: [2, 2], channels: [6, 1, 3] },
  { map: [3, 3], kernel: [3, 3], stride: [1, 1], padding: [0, 0], channels: [2, 1, 2] },
  { map: [9, 6], kernel: [2, 3], stride: [2, 1], padding: [1, 2], channels: [3, 3, 1] },
  { map: [4, 3], kernel: [1, 1], stride: [1, 1], padding: [0, 0], channels: [4, 1, 2] },
  { map: [7, 7], kernel: [1, 1], stride: [3, 3], padding: [0, 0], channels: [1, 1, 1] },
  { map: [7, 4], kernel: [2, 1], stride: [3, 2], padding: [0, 0], channels: [2, 2, 1] },
  { map: [3, 4], kernel: [5, 5], stride: [1, 2], padding: [2, 3], channels: [1, 1, 1] },
  { map: [3, 3], kernel: [2, 2], stride: [1, 1], padding: [3, 3], channels: [1, 1, 1] },
  { map: [1, 1], kernel: [1, 1], stride: [1, 1], padding: [0, 0], channels: [3, 1, 1] },
];

withIcarus('every window of a map comes whole and in order, frame after frame, with stalls', () => {
  for (const { map, kernel, stride, padding, channels, unit } of windows) {
    const size = (axis: 0 | 1) =>
      Math.floor((map[axis] + 2 * padding[axis] - kernel[axis]) / stride[axis]) + 1;
    const pair = (name: string, [rows, columns]: [number, number]) => ({
      [`${name.includes('KERNEL') ? 'KERNEL_ROWS' : `ROW_${name}`}`]: rows,
      [`${name.includes('KERNEL') ? 'KERNEL_COLUMNS' : `COLUMN_${name}`}`]: columns,
    });
    for (const STALL of [0, 100]) {
      const parameters = {
        HEIGHT: map[0],
        COLUMNS: map[1],
        OUT_ROWS: size(0),
        OUT_COLUMNS: size(1),
        ...pair('KERNEL', kernel),
        ...pair('STRIDE', stride),
        ...pair('PADDING', padding),
        CHANNELS: channels[0],
        GROUPS: channels[1],
        PACK: channels[2],
        UNIT: unit ?? channels[2],
        STALL,
      };
      const printed = icarus(
        folder,
        [bench('benches/window_bench.v'), rtl('window.v'), rtl('ram.v')],
        parameters,
      );
      assert.match(printed, /^right/, JSON.stringify(parameters));
    }
  }
});

const illegal: [core: string, parameters: Record<string, number>, says: RegExp][] = [
  ['spike_steps', { DATAPATH: 3 }, /DATAPATH_must_be_0_1_or_2/],
  ['fifo', { ADDRESS: 0 }, /ADDRESS_must_be_at_least_1/],
  ['ram', { DEPTH: 300 }, /too_narrow/],
  ['scale', { VALUE: 40 }, /PRODUCT_is_narrower/],
  ['spike_lane', { SUM: 7 }, /SUM_is_narrower/],
  ['rom', { DEPTH: 300 }, /too_narrow/],
  ['fifo_ram', { DEPTH: 1 }, /DEPTH_must_be_at_least_2/],
  ['stream_fifo', { SEED: 0 }, /SEED_must_not_be_0/],
  ['stream_fork', { WAYS: 1 }, /WAYS_must_be_at_least_2/],
  ['window', { PACK: 2 }, /PACK_must_divide/],
  ['window', { TAP: 3 }, /TAP_is_too_narrow/],
  ['window', { OUT_ROWS: 3 }, /outside_the_padded_map/],
  ['event_replay', { FOLD: 0 }, /FOLD_must_be_at_least_1/],
  ['spike_accumulate', { WEIGHT: 5 }, /WEIGHT_must_be_4_6_or_8/],
  ['spike_accumulate', { LANES: 0 }, /LANES_must_be_at_least_1/],
  ['spike_accumulate', { TAP: 3 }, /TAP_is_too_narrow/],
  ['depthwise_accumulate', { WEIGHT: 5 }, /WEIGHT_must_be_4_6_or_8/],
  ['depthwise_accumulate', { LANES: 0 }, /LANES_must_be_at_least_1/],
  ['depthwise_accumulate', { TAP: 3 }, /TAP_is_too_narrow/],
  ['thresholds', { LEVELS: 8 }, /COUNT_is_too_narrow/],
  ['charge', { PRODUCT: 40 }, /needs_SUM_le_PRODUCT/],
  ['window_sum', { SUM: 15 }, /SUM_is_too_narrow/],
  ['map_sum', { SUM: 15 }, /SUM_is_too_narrow/],
  ['spike_engine', { WEIGHT: 5 }, /WEIGHT_must_be_4_6_or_8/],
  ['spike_engine', { LANES: 0 }, /LANES_must_be_at_least_1/],
  ['spike_engine', { SUM: 12 }, /SUM_is_narrower_than_MAP/],
  ['spike_engine', { DATAPATH: 2, OVERLAP: 0 }, /DATAPATH_2_needs_OVERLAP/],
  ['spike_engine', { MAP: 7 }, /MAP_is_too_narrow_for_a_frame/],
  ['encode', { LEVELS: 16 }, /LEVELS_must_be_1_to_15/],
  ['finish', { PRODUCT: 10 }, /needs_VALUE_le_SUM_and_PRODUCT/],
  ['finish', { RESULT: 8 }, /RESULT_is_narrower_than_MAP/],
  ['weight_memory', { HUGE: 80 }, /HUGE_is_more_than_WORD/],
  ['weight_memory', { HUGE: 12 }, /HUGE_must_be_whole_bytes/],
  ['byte_ram', { DEPTH: 300 }, /too_narrow/],
];

withIcarus('illegal parameters stop elaboration and say which', () => {
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

withVerilator('every core is linted', () => {
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

withVerilator('words of one bit to 64 bytes are written by bytes', () => {
  for (const width of [1, 6, 8, 36, 64, 512])
    for (const huge of [0, 1]) {
      const set = [`-GWIDTH=${width}`, `-GHUGE=${huge}`];
      const { status, stderr } = spawnSync('verilator', ['--lint-only', '-Wall', ...set, rtl('byte_ram.v')], {
        encoding: 'utf8',
      });
      assert.is(status, 0, `${set}: ${stderr}`);
    }
});

test.run();
