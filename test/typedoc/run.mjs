// `npm run docs`: the public functions' documentation by TypeDoc, into build/api. Installs TypeDoc here where it is missing.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const run = (command, args) =>
  spawnSync(command, args, { cwd: folder, stdio: 'inherit', shell: process.platform === 'win32' }).status ??
  1;
const version = (path) => JSON.parse(readFileSync(path, 'utf8')).version;

const wanted = JSON.parse(readFileSync(`${folder}package.json`, 'utf8')).devDependencies;
const installed = Object.entries(wanted).every(([name, number]) => {
  const path = `${folder}node_modules/${name}/package.json`;
  return existsSync(path) && version(path) === number;
});
if (!installed && run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])) {
  console.error('error: TypeDoc cannot be installed');
  console.error(
    'hint: it comes from the npm registry; see the lines of npm above, or run npm ci in test/typedoc',
  );
  process.exit(1);
}
process.exitCode = run(process.execPath, ['node_modules/typedoc/bin/typedoc', '--options', 'typedoc.json']);
