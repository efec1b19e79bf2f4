import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  checkTypes,
  pack,
  packageJson,
  packagesIn,
  ran,
  root,
  sizeOf,
  useInstalled,
} from '../support/packed.js';
import { verdict } from './cli.js';

/**
 * `npm run bench -- pack`: the package is packed, installed into an empty project by the npm of each Node,
 * with its packages' install scripts and without, and used: help, doctor, quantize, build, run, verify,
 * import, types.
 */
const MOST_MB = 180;
const folder = await mkdtemp(join(tmpdir(), 'spikelet-pack-'));

/**
 * Node of a major version: this one, or npm's own package of it, as the bench of the engines installs them.
 */
async function nodeOf(major: number): Promise<string | undefined> {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const { optionalDependencies } = await packageJson(join(root, 'test/bench'));
  const version =
    optionalDependencies?.[`node${major}`]?.split('@').at(-1) ?? { 20: '20.20.2' }[major] ?? String(major);
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const place = join(folder, `node${major}`);
  await mkdir(place, { recursive: true });
  await writeFile(join(place, 'package.json'), '{}');
  const { code, stderr } = await ran('npm', ['install', '--no-audit', '--no-fund', `${name}@${version}`], {
    cwd: place,
  });
  if (code === 0) return join(place, 'node_modules', name, 'bin/node');
  console.log(
    `skipped: Node ${major}, because npm install ${name}@${version} failed: ${stderr.trim().split('\n')[0]}`,
  );
  return undefined;
}

/** npm's own program, which a Node of another version runs too. */
async function npmCli(): Promise<string> {
  const { stdout } = await ran('npm', ['root', '-g'], { cwd: folder });
  return join(stdout.trim(), 'npm/bin/npm-cli.js');
}

const tarball = await pack(folder);
console.log(`packed: ${((await sizeOf(tarball).catch(() => 0)) / 2 ** 20).toFixed(1)} MB`);
const npm = await npmCli();
let tried = 0;
for (const major of [20, 22, 24]) {
  const node = await nodeOf(major);
  if (!node) continue;
  for (const flags of [[], ['--ignore-scripts']]) {
    const what = `Node ${major}${flags.length ? ` ${flags}` : ''}`;
    const project = join(folder, `project-${major}${flags}`);
    await mkdir(project);
    await writeFile(join(project, 'package.json'), '{"type":"module","private":true}');
    const installed = await ran(node, [npm, 'install', '--no-audit', '--no-fund', ...flags, tarball], {
      cwd: project,
    });
    if (installed.code !== 0) {
      verdict(what, installed.stderr.slice(0, 500), 'installed', false);
      continue;
    }
    tried++;
    const modules = join(project, 'node_modules');
    const megabytes = (await sizeOf(modules)) / 2 ** 20;
    const count = (await packagesIn(modules)).length;
    verdict(
      `${what}: node_modules`,
      `${megabytes.toFixed(0)} MB, ${count} packages`,
      `at most ${MOST_MB} MB`,
      megabytes <= MOST_MB,
    );
    const wrong = await useInstalled(project, node);
    for (const line of wrong) console.log(line);
    verdict(`${what}: a round of verbs, import`, `${wrong.length} failures`, '0', wrong.length === 0);
    for (const lib of [['es2022', 'dom'], ['es2022']]) {
      const problem = await checkTypes(project, lib);
      verdict(`${what}: types with ${lib.join(', ')}`, problem ?? 'no errors', 'no errors', !problem);
    }
    await rm(project, { recursive: true, force: true });
  }
}
verdict('projects', String(tried), '6', tried === 6);
await rm(folder, { recursive: true, force: true });
