import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadDataset } from '../../../host/data/index.js';
import { rawImage, readNet, writeGraph, writeNet } from '../../../models/index.js';
import { cli } from '../../support/cli-in-process.js';
import { zooNet } from '../../support/nets.js';
import { tinyGraph } from '../../support/wasm-models.js';

/** Samples of a data set by hand, sizes of plain nets, and tables on a narrow terminal. */
const folder = mkdtempSync(join(tmpdir(), 'spikelet sample-'));
const at = (name: string) => join(folder, name);
const net = at('net.safetensors');
writeFileSync(net, writeNet(zooNet('mini', [32, 32, 2], 8)));
const spec = 'gestures:train=16,test=16';

test('run --data: the sample, its label and its logits, as with every other way to run the net', async () => {
  const { openRunner } = await import('../../../host/run/open-model.js');
  const runner = await openRunner(net);
  const data = await loadDataset(spec);
  for (const split of ['test', 'train'] as const) {
    const run = await cli('run', net, '--data', spec, '--sample', '5', '--split', split, '--json');
    assert.is(run.code, 0, run.stderr);
    const result = JSON.parse(run.stdout);
    assert.equal(result.logits, [...(await runner.logits(rawImage(data[split], data.shape, 5)))]);
    assert.is(result.label, data[split].labels[5]);
  }
  const { stdout } = await cli('run', net, '--data', spec, '--sample', '5');
  assert.match(stdout, `label: ${data.classes[data.test.labels[5]!]}`);
});

test('run: one input, one way', async () => {
  for (const [args, message] of [
    [[], /an input is needed/],
    [['--data', spec, '--input', 'a.png'], /two inputs/],
    [['--sample', '1', '--input', 'a.png'], /--sample is of --data/],
    [['--data', spec, '--sample', '16'], /no sample 16/],
    [['--data', spec, '--results', 'r'], /--results is not for --data/],
    [['--data', `images=${folder}`], /no samples by number/],
  ] as const) {
    const { code, stderr } = await cli('run', net, ...args);
    assert.is(code, 2, stderr);
    assert.match(stderr, message);
  }
});

test('train --hidden and --maps: the layers that were asked for, and checked', async () => {
  const train = (...args: string[]) =>
    cli('train', ...args, '--data', 'gestures:train=16,test=8', '--batch', '8', '--epochs', '1');
  const dense = await train('--model', 'dense', '--hidden', '5,3', '--out', at('dense.safetensors'));
  assert.is(dense.code, 0, dense.stderr);
  const layers = (name: string) =>
    readNet(readFileSync(at(name))).nodes.flatMap((node) => (node.op === 'conv' ? [node.out] : []));
  assert.equal(layers('dense.safetensors'), [2, 5, 3, 8]);
  const conv = await train('--model', 'conv', '--maps', '4,6', '--out', at('conv.safetensors'));
  assert.is(conv.code, 0, conv.stderr);
  assert.equal(layers('conv.safetensors'), [4, 6, 8]);
  for (const args of [
    ['--model', 'dense', '--maps', '4'],
    ['--model', 'conv', '--hidden', '4'],
    ['--model', 'dense', '--hidden', ''],
    ['--model', 'dense', '--hidden', '0'],
    ['--model', 'dense', '--hidden', '1,2,x'],
    ['--model', 'conv', '--maps', Array(40).fill(1).join(',')],
    ['--resume', at('dense.checkpoint.safetensors'), '--hidden', '5'],
  ])
    assert.is((await train(...args, '--out', at('refused.safetensors'))).code, 2, args.join(' '));
  // Every option that a hint names is one.
  const { stderr } = await train('--model', 'dense', '--maps', '4');
  const { stdout: help } = await cli('train', '--help');
  for (const [flag] of /it takes (.*)/.exec(stderr)![1]!.matchAll(/--[a-z-]+/g))
    assert.match(help, `${flag} <`);
});

test('tables fit 80 columns, and lose nothing where there is room', async () => {
  const graph = at('graph.safetensors');
  writeFileSync(graph, writeGraph(tinyGraph()));
  const before = process.env['COLUMNS'];
  try {
    for (const args of [['inspect', graph], ['inspect', net], ['inspect', '--plan', graph], ['boards']]) {
      process.env['COLUMNS'] = '80';
      const narrow = await cli(...args);
      for (const line of narrow.stdout.split('\n')) assert.ok(line.length <= 80, `${args[0]}: ${line}`);
      const json = await cli(...args, '--json');
      delete process.env['COLUMNS'];
      assert.is((await cli(...args, '--json')).stdout, json.stdout);
    }
    const wide = await cli('inspect', graph);
    assert.match(wide.stdout, /accumulator .*output range .*events/);
  } finally {
    if (before !== undefined) process.env['COLUMNS'] = before;
  }
});

test.after(() => rmSync(folder, { recursive: true, force: true }));
test.run();
