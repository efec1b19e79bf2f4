// Installs the engines that the bench measures against, where they are missing, and compiles the bench.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const json = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const installed = ([name, version]) =>
  existsSync(new URL(`node_modules/${name}/package.json`, import.meta.url)) &&
  version.endsWith(json(`node_modules/${name}/package.json`).version);
// Stdout belongs to the bench's result.
const run = (command, args) =>
  spawnSync(command, args, { cwd: folder, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' })
    .status === 0;

const { dependencies, optionalDependencies } = json('package.json');
// Newer Nodes come for Linux on x64 only.
const wanted =
  process.platform === 'linux' && process.arch === 'x64'
    ? { ...dependencies, ...optionalDependencies }
    : dependencies;
const missing = Object.entries(wanted).filter((entry) => !installed(entry));
if (missing.length) {
  const names = missing.map((entry) => entry.join('@')).join(', ');
  console.error(`installing the engines to compare with (about 900 MB): ${names}`);
  if (!run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])) {
    console.error('error: the engines that the bench measures against cannot be installed');
    console.error(
      'hint: they come from the npm registry; see the lines of npm above, or run npm ci in test/bench',
    );
    process.exit(1);
  }
}
if (
  !run(process.execPath, [fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))])
) {
  console.error('error: the bench does not compile');
  process.exit(1);
}
