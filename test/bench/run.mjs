// `npm run bench -- NAME ...`: a proof of test/proofs by its name, the bench of engines, or without a name the list.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { chosen, usage } from './proofs.mjs';

const node = (path, args) => {
  const file = fileURLToPath(new URL(path, import.meta.url));
  const { status, error } = spawnSync(process.execPath, [file, ...args], { stdio: 'inherit' });
  if (error) console.error(`error: ${error.message}`);
  return status ?? 1;
};

const choice = chosen(process.argv.slice(2));
if (!choice) {
  console.error(`error: there is no bench '${process.argv[2]}'\n${usage()}`);
  process.exitCode = 2;
} else if (choice.kind === 'list') console.log(usage());
else if (choice.kind === 'proof')
  process.exitCode = node(`../../dist/test/proofs/${choice.name}.js`, choice.args);
else process.exitCode = node('setup.mjs', []) || node('dist/main.js', choice.args);
