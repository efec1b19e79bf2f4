import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boardOf } from '../../firmware-gen/boards/index.js';
import { loaderImage } from '../../firmware-gen/loader.js';
import { SpikeletError } from '../../models/index.js';
import { removeFolders } from '../support/firmware-project.js';
import { compileForHost, runOnHost } from '../support/loader-host.js';
import { gcc } from '../support/needs.js';
import { areThere, testWith } from '../support/skip.js';

/** The loader's C on this machine, under the address and undefined-behaviour sanitizers. */
const seed = Number(process.env['SPIKELET_SEED'] ?? 1);

const withGcc = await testWith([gcc]);
const program = (await areThere([gcc])) ? await compileForHost(true) : '';
withGcc(
  'the old or the new program starts, whichever byte of flash was the last before the power failed',
  async () => {
    assert.match(await runOnHost(program, 'cuts', 7, seed), /^\d{4} cuts/);
  },
);
withGcc(
  'no bytes on the wire and none in flash make the loader lose the program or read beyond its memory',
  async () => {
    assert.match(await runOnHost(program, 'bytes', 2000, seed), /^2000 damaged sessions/);
  },
);

test('an image is refused where it has no loader, is empty or does not fit a slot', () => {
  const refused = (name: string, bytes: number, what: RegExp) =>
    assert.throws(
      () => loaderImage(boardOf(name), new Uint8Array(bytes)),
      (error: unknown) =>
        error instanceof SpikeletError && what.test(error.message) && error.hint !== undefined,
    );
  refused('rp2040', 100, /does not use spikelet's loader/);
  refused('mps2-an386-loader', 0, /0 B/);
  refused('mps2-an386-loader', 8 << 20, /8388608 B/);
});

test.after(removeFolders);
test.run();
