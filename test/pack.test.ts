import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { pack, packagesIn, root, useInstalled } from './support/packed.js';

/**
 * The packed package is whole: a project that has nothing but it and its packages goes through a round of
 * verbs.
 */
test('what npm packs is enough to quantize, build, run and verify', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spikelet-pack-'));
  try {
    const tarball = await pack(folder);
    const modules = join(folder, 'project/node_modules');
    await mkdir(modules, { recursive: true });
    execFileSync('tar', ['xzf', tarball, '-C', modules]);
    execFileSync('mv', [join(modules, 'package'), join(modules, 'spikelet')]);
    // Its packages are those that this clone has, but for the optional ones that would place and route
    // designs.
    const names = await packagesIn(join(root, 'node_modules'));
    for (const name of names.filter((name) => !name.startsWith('@yowasp/'))) {
      await mkdir(dirname(join(modules, name)), { recursive: true });
      await symlink(join(root, 'node_modules', name), join(modules, name));
    }
    await writeFile(join(folder, 'project/package.json'), '{"type":"module"}');
    assert.equal(await useInstalled(join(folder, 'project'), process.execPath), []);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test.run();
