import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { verbs } from '../../../host/cli/verbs/index.js';
import { writeGraph } from '../../../models/index.js';
import { cli } from '../../support/cli-in-process.js';
import { randomGraph, seeded } from '../../support/random-graph.js';

/** Which verbs run the configuration of a folder, and which never do. */
const home = process.cwd();
const folder = mkdtempSync(join(tmpdir(), 'spikelet config-'));
const graph = join(folder, 'graph.safetensors');
writeFileSync(graph, writeGraph(randomGraph(seeded(31), 9)));
const code = (options = '{}') =>
  `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(join(folder, 'RUN'))}, '');\nexport default ${options};\n`;
const ran = () => {
  const found = existsSync(join(folder, 'RUN'));
  rmSync(join(folder, 'RUN'), { force: true });
  return found;
};

/** A new current folder that holds these files. */
function inside(files: Record<string, string>): string {
  const cwd = mkdtempSync(join(folder, 'cwd-'));
  for (const [name, contents] of Object.entries(files)) writeFileSync(join(cwd, name), contents);
  process.chdir(cwd);
  return cwd;
}

const looking = ['inspect', 'boards', 'doctor', 'demo'];

test('verbs that look at files never run a configuration, and the others do', async () => {
  assert.equal(
    Object.keys(verbs).filter((name) => !verbs[name]!.configured),
    looking,
  );
  inside({ 'spikelet.config.ts': code() });
  for (const args of [
    ['inspect', graph],
    ['boards'],
    ['boards', graph],
    ['doctor'],
    ['--help'],
    ['--version'],
  ]) {
    await cli(...args);
    assert.not.ok(ran(), args.join(' '));
  }
  for (const name of Object.keys(verbs)) {
    await cli(name, '--help');
    assert.not.ok(ran(), name);
  }
  const { stderr } = await cli('verify', graph);
  assert.ok(ran());
  assert.match(stderr, /options: .*spikelet\.config\.ts, which is code and is run/);
  assert.not.match((await cli('verify', graph, '--no-config')).stderr, /spikelet\.config\.ts,/);
  assert.not.ok(ran());
});

test('one in a folder further up is not run', async () => {
  const cwd = inside({ 'spikelet.config.ts': code() });
  mkdirSync(join(cwd, 'below'));
  process.chdir(join(cwd, 'below'));
  await cli('verify', graph);
  assert.not.ok(ran());
});

test('code that others could have written is not run, unless it is named', async () => {
  const cwd = inside({ 'spikelet.config.mjs': code() });
  chmodSync(join(cwd, 'spikelet.config.mjs'), 0o666);
  const refused = await cli('verify', graph);
  assert.is(refused.code, 2);
  assert.match(refused.stderr, /every user can write to it/);
  assert.not.ok(ran());
  await cli('verify', graph, '--config', 'spikelet.config.mjs');
  assert.ok(ran());
});

test('spikelet.config.json gives the same options and runs nothing', async () => {
  inside({ 'spikelet.config.json': JSON.stringify({ verify: { against: 'wasm', data: 'nope' } }) });
  const run = await cli('verify', graph);
  assert.match(run.stderr, /unknown dataset 'nope'/);
  assert.match(run.stderr, /options: .*spikelet\.config\.json \(--no-config/);
  for (const [contents, message] of [
    ['{', /is not JSON/],
    ['[]', /exports no configuration/],
    ['{"trian": {}}', /'trian' takes no options from a file/],
    ['{"inspect": {}}', /'inspect' takes no options from a file/],
    ['{"verify": {"force": true}}', /cannot be set in a file/],
    ['{"build": {"force": true}}', undefined],
    ['{"verify": {"verbose": true}}', /no option 'verbose'/],
    ['{"verify": {"__proto__": 1}}', /no option '__proto__'/],
    ['{"verify": {"count": {"a": 1}}}', /verify\.count is/],
    ['{"verify": {"count": null}}', /verify\.count is null/],
    ['{"verify": {"count": [[1]]}}', /verify\.count is no word, number or list of them/],
    [`{"verify": {"count": ${'['.repeat(1e5)}${']'.repeat(1e5)}}}`, /verify\.count is no word/],
    [' '.repeat(2 ** 20 + 1), /more than 1048576/],
  ] as const) {
    writeFileSync('spikelet.config.json', contents);
    const { stderr, code: status } = await cli('verify', graph);
    assert.ok(status !== 0);
    if (message) assert.match(stderr, message);
  }
  writeFileSync('spikelet.config.ts', code());
  const two = await cli('verify', graph);
  assert.is(two.code, 2);
  assert.match(two.stderr, /spikelet\.config\.ts and spikelet\.config\.json/);
  assert.not.ok(ran());
});

test.after(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});
test.run();
