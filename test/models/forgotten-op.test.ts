import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const rooms = ['models', 'quantize', 'wasm', 'firmware-gen', 'fpga', 'host'];

const folder = mkdtempSync(join(tmpdir(), 'spikelet-forgotten-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** Adds to the union `name` of `file` an op that is nothing else. */
function addTo(file: string, name: string, op: string): void {
  const source = readFileSync(join(folder, file), 'utf8');
  const patched = source.replace(
    `export type ${name} = `,
    `type Added = { op: '${op}'; name: string; input: string; output: string };\n$&Added | `,
  );
  assert.is.not(patched, source, `${file} has no union ${name}`);
  writeFileSync(join(folder, file), patched);
}

/** What tsc says of the sources in `folder`: a file and a message each. */
async function errors(): Promise<{ file: string; message: string }[]> {
  const options = [
    '-p',
    folder,
    '--noEmit',
    '--incremental',
    'false',
    '--tsBuildInfoFile',
    'null',
    '--pretty',
    'false',
  ];
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, ...options], { cwd: folder }).catch(
    (error: { stdout: string }) => error,
  );
  return [...stdout.matchAll(/^(\S+?)\(\d+,\d+\): error (.*)$/gm)].map(([, file, message]) => ({
    file: file!,
    message: message!,
  }));
}

const template = readFileSync(join(root, 'models', 'ops', 'TEMPLATE.md'), 'utf8');

test('an op that is only in the union does not compile in any room that needs it', async () => {
  for (const room of rooms) cpSync(join(root, room), join(folder, room), { recursive: true });
  for (const shared of ['package.json', 'tsconfig.json']) cpSync(join(root, shared), join(folder, shared));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  addTo('models/graph.ts', 'GraphNode', 'addedToGraphs');
  addTo('models/net.ts', 'NetNode', 'addedToNets');
  const found = await errors();
  const filesThatMiss = (op: string) => [
    ...new Set(found.filter(({ message }) => message.includes(`'${op}' is missing`)).map(({ file }) => file)),
  ];
  const [graph, net] = [filesThatMiss('addedToGraphs').sort(), filesThatMiss('addedToNets').sort()];
  assert.equal(graph, ['fpga/ops/index.ts', 'models/graph.ts', 'wasm/layers.ts']);
  assert.equal(net, ['host/train/forward.ts', 'models/net.ts', 'quantize/ops.ts']);
  assert.is(found.length, graph.length + net.length, JSON.stringify(found, null, 2));
  for (const file of [...graph, ...net])
    assert.ok(template.includes(`\`${file}\``), `TEMPLATE.md does not name ${file}`);
});

test.run();
