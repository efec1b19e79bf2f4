import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { browser, inFolder } from './support/browser.js';
import { exampleProject, runExample, shell, started } from './support/examples.js';
import { root } from './support/imports.js';
import { gcc32, iverilog, starterOf32 } from './support/needs.js';
import { areThere, find, testWith } from './support/skip.js';

/** Every example, run as a user of the installed package would. */
const project = exampleProject();
test.after(() => rmSync(project, { recursive: true, force: true }));

const names = readdirSync(join(root, 'examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const inExample = (name: string, path: string) => join(project, 'examples', name, path);
const graph = inExample('node', 'build/graph.safetensors');

test('each has a README that says how it is run, and is in the list', () => {
  const list = readFileSync(join(root, 'examples/README.md'), 'utf8');
  assert.ok(names.length >= 6, 'they were not found');
  for (const name of names) {
    const readme = readFileSync(join(root, 'examples', name, 'README.md'), 'utf8');
    assert.match(readme, new RegExp(`^# .+\\n\\n    (node|sh) examples/${name}/\\S+\\n`));
    const [, script] = /^ {4}(?:node|sh) (\S+)$/m.exec(readme)!;
    assert.ok(existsSync(join(root, script!)), script);
    assert.match(list, `](${name}/README.md)`);
  }
});

const inShell = await testWith([shell]);
// It takes longest and needs none of the others, so it runs in parallel.
const ownImages = (await areThere([shell])) ? runExample(project, 'own-images', 'sh', ['run.sh']) : undefined;
ownImages?.catch(() => undefined);

test('node: a net is trained, quantized, compiled, verified and run', async () => {
  const { stdout } = await runExample(project, 'node', process.execPath, ['main.mjs']);
  assert.match(stdout, /40 of 40 samples equal/);
  const right = [...stdout.matchAll(/gesture \d: (\S+), the net says (\S+)/g)].filter(
    ([, shown, said]) => shown === said,
  );
  assert.ok(right.length >= 3, stdout);
  assert.ok(existsSync(graph));
});

inShell('import-checkpoint: a state_dict becomes a verified module', async () => {
  const { stdout } = await runExample(project, 'import-checkpoint', 'sh', ['run.sh']);
  assert.match(stdout, /40 of 40 samples equal at every tensor/);
});

inShell('own-images: folders of images become a trained and verified module', async () => {
  const { stdout } = (await ownImages)!;
  assert.match(stdout, /classes: circle, cross, square/);
  assert.match(stdout, /40 of 40 samples equal at every tensor/);
  const [, top1] = /top-1 ([\d.]+) %/.exec(stdout)!;
  assert.ok(Number(top1) > 60, stdout);
});

/** Of `frame N shows: NAME` and `frame N: NAME (...)`: how many are the same. */
function agreements(text: string): number {
  const shown = [...text.matchAll(/^frame \d shows: (\S+)$/gm)].map(([, name]) => name);
  const said = [...text.matchAll(/^frame \d: (\S+) \(/gm)].map(([, name]) => name);
  assert.is(shown.length, 8, text);
  assert.is(said.length, 8, text);
  return shown.filter((name, i) => name === said[i]).length;
}

const natively =
  (await find(gcc32)) && !(await starterOf32()).length
    ? [gcc32, shell]
    : [{ ...gcc32, name: '32-bit C that this kernel runs itself', find: () => false }];

(await testWith(natively))('c-program: a program of C links the model', async () => {
  const { stdout } = await runExample(project, 'c-program', 'sh', ['run.sh', graph]);
  assert.ok(agreements(stdout) >= 3, stdout);
});

(await testWith([iverilog, shell]))('fpga: a test bench of its own drives the core', async () => {
  const { stdout } = await runExample(project, 'fpga', 'sh', ['run.sh', graph]);
  assert.match(stdout, /all logits equal the interpreter's/);
  assert.is(stdout.match(/^logit \d -?\d+$/gm)?.length, 8, stdout);
});

(await testWith([browser, shell]))('web-page: a browser shows what the net says', async () => {
  const folder = inExample('web-page', '');
  const { found, child } = await started('sh', ['run.sh', graph, '0'], folder, /open (http:\S+)/);
  try {
    const answer = await fetch(`${found[1]}../main.mjs`);
    assert.is(answer.status, 404, 'nothing outside the folder is served');
    await answer.arrayBuffer();
    const program = String(await find(browser));
    let page = '';
    await inFolder(async (profile) => {
      const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`];
      const wait = ['--virtual-time-budget=20000', '--dump-dom', found[1]!];
      page = (await promisify(execFile)(program, [...flags, ...wait], { timeout: 120_000 })).stdout;
    });
    assert.match(page, /shown: \S+; the network says: \S+ \(/);
    assert.is(page.match(/<button>/g)?.length, 8);
  } finally {
    child.kill();
  }
});

test.run();
