import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { call } from '../host/device/flash/an3155-frames.js';
import { runTool, versionOfTool } from '../host/firmware/tools.js';
import { removeFolders, temporaryFolder } from './firmware-project.js';
import {
  BAUD,
  canTryLoader,
  compileLoader,
  compileVersion,
  imageOf,
  newFlash,
  opened,
  powered,
  versionOf,
} from './loader-board.js';

/** ST's protocol as others speak it: the program stm32flash against the loader on the emulated board. */
const INSTALL = 'apt-get install stm32flash';
const present = (await versionOfTool('stm32flash', '-h')) !== undefined;
if (!present) console.log(`skipped: stm32flash is not installed (${INSTALL})`);

if (present && (await canTryLoader()))
  test('stm32flash writes, verifies and starts programs on the emulated loader', async () => {
    const loader = await compileLoader(5000);
    const flash = await newFlash();
    const folder = await temporaryFolder();
    const files = new Map<string, string>();
    for (const letter of ['A', 'B']) {
      files.set(letter, join(folder, `${letter}.img`));
      await writeFile(files.get(letter)!, imageOf(await compileVersion(letter)));
    }
    await powered(loader, flash, async (path) => {
      for (const [letter, file] of files) {
        // QEMU may find a second late that its port is open, and stm32flash does not wait so long.
        await opened(path, async (port) => assert.ok(await call(port, 20_000)));
        // A PTY has no parity, and stm32flash insists on what it set.
        const said = await runTool(
          'stm32flash',
          ['-m', '8n1', '-b', String(BAUD), '-w', file, '-v', '-g', '0', path],
          { install: INSTALL },
        );
        assert.match(said, /Wrote and verified address \S+ \(100\.00%\)/);
        assert.match(said, /Starting execution at address 0x08000000\.\.\. done/);
        await opened(path, async (port) => {
          assert.is(await versionOf(port), letter);
          await port.write(Buffer.from('R'));
        });
      }
    });
    // Power is cut and comes back.
    await powered(loader, flash, (path) =>
      opened(path, async (port) => assert.is(await versionOf(port), 'B')),
    );
  });

test('the tool stm32flash is looked for', () => assert.type(present, 'boolean'));

test.after(removeFolders);
test.run();
