import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runTool } from '../../../host/toolchain/tools.js';
import { SpikeletError } from '../../../models/index.js';

const folder = mkdtempSync(join(tmpdir(), 'spikelet-tools-'));
const install = 'apt-get install it';

const until = async (what: () => boolean): Promise<void> => {
  while (!what()) await setTimeout(20);
};

if (process.platform !== 'win32')
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    test(`${signal} ends the program too, and its temporary files are gone`, async () => {
      const at = (name: string) => join(folder, `${signal}-${name}`);
      mkdirSync(at('tmp'));
      const works = `touch "$TMPDIR/object.s"; trap 'touch "${at('ended')}"; exit' TERM; touch "${at('begun')}"; while :; do sleep 0.02; done`;
      const tools = new URL('../../../host/toolchain/tools.js', import.meta.url).href;
      const script = `import(${JSON.stringify(tools)}).then(({ runTool }) => runTool('sh', ['-c', ${JSON.stringify(works)}], { install: '' }))`;
      const child = spawn(process.execPath, ['-e', script], {
        env: { ...process.env, TMPDIR: at('tmp') },
        stdio: 'ignore',
      });
      const ended = new Promise<NodeJS.Signals | null>((resolve) =>
        child.on('close', (_, by) => resolve(by)),
      );
      await until(() => existsSync(at('begun')));
      child.kill(signal);
      assert.is(await ended, signal);
      assert.equal(readdirSync(at('tmp')), []);
      await until(() => existsSync(at('ended')));
    });

test('a program that fails says what it printed, one that is missing what installs it', async () => {
  const fails = async (program: string, args: string[], wanted: Partial<SpikeletError>) =>
    runTool(program, args, { install }).then(
      () => assert.unreachable(),
      (error: unknown) => {
        assert.instance(error, SpikeletError);
        for (const [name, value] of Object.entries(wanted))
          assert.equal((error as SpikeletError)[name as keyof SpikeletError], value);
      },
    );
  await fails(process.execPath, ['-e', 'console.error("no"); process.exit(1)'], { lines: ['no'] });
  await fails('no-such-program', [], { hint: install });
});

test.after(() => rmSync(folder, { recursive: true, force: true }));
test.run();
