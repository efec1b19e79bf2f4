import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boardOf } from '../../../firmware-gen/boards/index.js';
import { makeProject } from '../../../host/toolchain/make.js';
import { readGraph, SpikeletError, writeGraph } from '../../../models/index.js';
import { cli } from '../../support/cli-in-process.js';
import { runOn } from '../../support/firmware-device.js';
import { removeFolders, temporaryFolder } from '../../support/firmware-project.js';
import { graph as example, images, pixelsOf } from '../../support/mlperf-example.js';
import { boardNeeds } from '../../support/needs.js';
import { testWith } from '../../support/skip.js';

/** `build --target firmware --checked` on the command line, and its program on an emulated board. */
const board = boardOf('mps2-an386');
const folder = await temporaryFolder();
const path = join(folder, 'graph.safetensors');
await writeFile(path, writeGraph(example));
const graph = readGraph(writeGraph(example));
const build = (...args: string[]) => cli('build', path, ...args);

(await testWith(boardNeeds(board)))(
  'a checked build computes the same; where its plan is damaged it stops and names the layer',
  async () => {
    const project = join(folder, 'checked');
    const args = ['--target', 'firmware', '--board', board.name, '--checked', '--out', project, '--json'];
    const { code, stdout, stderr } = await build(...args);
    assert.is(code, 0, stderr);
    const { predicted, linked } = JSON.parse(stdout);
    assert.ok(linked.model.code <= predicted.code, `${linked.model.code} B of code`);
    const pixels = images.slice(0, 2).map(pixelsOf);
    const found = await runOn({ board, folder: project }, graph, pixels);
    assert.is(found.difference, undefined);
    assert.is(found.equal, 2);

    const constants = join(project, 'spikelet/src/constants.c');
    const damaged = graph.nodes[1]!.name;
    let seen = 0;
    await writeFile(
      constants,
      (await readFile(constants, 'utf8')).replace(/\.y = ARENA\(\d+\)/g, (text) =>
        seen++ === 1 ? '.y = ARENA(SPIKELET_ARENA_BYTES)' : text,
      ),
    );
    await makeProject(board, project);
    await runOn({ board, folder: project }, graph, pixels).then(
      () => assert.unreachable(),
      (error: unknown) =>
        assert.ok(
          error instanceof SpikeletError && error.message.includes(`stopped in layer '${damaged}'`),
          String(error),
        ),
    );
  },
);

test('--checked is for firmware that is compiled here', async () => {
  for (const [args, message] of [
    [['--target', 'wasm', '--checked'], '--checked is for firmware'],
    [['--target', 'firmware', '--board', 'esp32-s3', '--checked'], "built with its vendor's build system"],
  ] as [string[], string][]) {
    const { code, stderr } = await build(...args);
    assert.is(code, 2, stderr);
    assert.match(stderr, message);
  }
});

test.after(removeFolders);
test.run();
