// `npm run bench -- NAME ...`: a proof of test/proofs by its name, or else the engines' bench with its peers.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { proofs, usage } from './proofs.mjs';

const [name, ...rest] = process.argv.slice(2);
const node = (path, args) => {
  const file = fileURLToPath(new URL(path, import.meta.url));
  const { status, error } = spawnSync(process.execPath, [file, ...args], { stdio: 'inherit' });
  if (error) console.error(`error: ${error.message}`);
  return status ?? 1;
};

if (name === 'list') console.log(usage());
else if (name && Object.hasOwn(proofs, name))
  process.exitCode = node(`../../dist/test/proofs/${name}.js`, rest);
else process.exitCode = node('setup.mjs', []) || node('dist/main.js', process.argv.slice(2));
