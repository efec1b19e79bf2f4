import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './imports.js';
import { type Ran, ran } from './packed.js';
import type { Need } from './skip.js';

/** The examples in a project of their own, which has spikelet and its packages installed. */
export function exampleProject(): string {
  const folder = mkdtempSync(join(tmpdir(), 'spikelet-examples-'));
  cpSync(join(root, 'examples'), join(folder, 'examples'), {
    recursive: true,
    filter: (path) => !/[/\\]build$/.test(path),
  });
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  // Optional packages that synthesise Verilog take minutes, and no example needs them.
  for (const name of readdirSync(join(root, 'node_modules')))
    if (!/^(\.|@yowasp$|spikelet$)/.test(name))
      symlinkSync(join(root, 'node_modules', name), join(modules, name));
  const own = join(modules, 'spikelet');
  mkdirSync(own);
  for (const name of ['dist', 'assembly', 'fpga', 'firmware-gen', 'package.json', 'asconfig.json'])
    cpSync(join(root, name), join(own, name), {
      recursive: true,
      filter: (path) => !path.includes('/dist/test'),
    });
  symlinkSync('../spikelet/dist/host/cli/main.js', join(modules, '.bin/spikelet'));
  return folder;
}

/** Runs an example to its end. Throws with what it printed where it fails. */
export async function runExample(
  project: string,
  name: string,
  command: string,
  args: string[],
): Promise<Ran> {
  const result = await ran(command, args, { cwd: join(project, 'examples', name), limitMs: 1_200_000 });
  if (result.code !== 0)
    throw new Error(
      `${name} ended with ${result.code}:\n${result.stdout.slice(-1500)}\n${result.stderr.slice(-1500)}`,
    );
  return result;
}

/** A shell, as the scripts need it. */
export const shell: Need = {
  name: 'sh',
  install: 'a POSIX shell',
  find: () => process.platform !== 'win32',
};

/** Starts a program and waits for a line of it; returns what the pattern found there, and the program. */
export function started(
  command: string,
  args: string[],
  cwd: string,
  line: RegExp,
): Promise<{ found: RegExpExecArray; child: ChildProcess }> {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (text: Buffer) => {
      said += text;
      const found = line.exec(said);
      if (found) resolve({ found, child });
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', reject);
    child.on('close', (code) => reject(new Error(`${command} ended with ${code}: ${said.slice(-1500)}`)));
  });
}
