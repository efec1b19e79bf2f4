import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { exitCode, SpikeletError } from '../../models/error.js';
import { systemProblem } from '../system/files.js';
import { version } from '../system/version.js';
import { loadConfig } from './config.js';
import { type Io, lineFor, printError, terminal } from './io.js';
import { keyOf, usageError, type Verb } from './verb.js';
import { verbs } from './verbs/index.js';

/** Runs one command line (process.argv) and returns its exit code. Never throws. */
export async function runCli(argv: string[]): Promise<number> {
  let code: number = exitCode.ok;
  const program = new Command('spikelet')
    .description('Spiking neural networks from data to a board, with every integer proven equal.')
    .version(version)
    .option('--verbose', 'show stack traces')
    .showHelpAfterError('(spikelet --help lists the verbs)')
    .configureOutput({ outputError })
    .exitOverride();
  for (const [name, verb] of Object.entries(verbs)) addVerb(program, name, verb, (result) => (code = result));
  try {
    await program.parseAsync(argv);
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
    return report(error, argv.includes('--verbose'));
  }
}

function addVerb(program: Command, name: string, verb: Verb, finish: (code: number) => void): void {
  const command = program
    .command(name)
    .description(verb.summary)
    .configureOutput({ outputError })
    .exitOverride()
    .showHelpAfterError(`(spikelet ${name} --help shows what it takes)`);
  for (const [syntax, description] of verb.arguments ?? []) command.argument(syntax, description);
  for (const { flags, description, parse, default: fallback } of verb.options) {
    const option = new Option(flags, description);
    if (parse) option.argParser(parse);
    if (fallback !== undefined) option.default(fallback);
    command.addOption(option);
  }
  if (verb.configured) {
    command.option(
      '--config <file>',
      'options from this file (default: spikelet.config.ts or .json, if there is one here)',
    );
    command.option('--no-config', 'no file of options');
  }
  command.option('--json', 'print the result as JSON');
  command.option('--verbose', 'show stack traces');
  command.action(async () => {
    const io = terminal(command.opts<{ json?: boolean }>().json ?? false);
    if (verb.configured) await applyConfig(command, name, verb, io);
    const { json: _, verbose: __, config: ___, ...options } = command.opts();
    const { result, code } = await verb.run(command.processedArgs, options as Record<string, never>, io);
    if (result !== undefined) io.emit(result);
    finish(code ?? exitCode.ok);
  });
}

/** Applies a configuration file's options for a verb, using the options' own parsers; flags win. */
async function applyConfig(command: Command, name: string, verb: Verb, io: Io): Promise<void> {
  const file = command.opts<{ config?: string | false }>().config;
  if (file === false) return;
  const config = await loadConfig(name, {
    ...(typeof file === 'string' ? { file } : {}),
    verbs: Object.entries(verbs).flatMap(([each, { configured }]) => (configured ? [each] : [])),
    note: io.note,
  });
  if (!config) return;
  const given = Object.fromEntries(
    Object.entries(command.opts()).filter(([key]) => command.getOptionValueSource(key) === 'cli'),
  );
  for (const [key, value] of Object.entries(config.options)) {
    if (key === 'force')
      throw usageError(
        `${config.path}: '${name}.force' cannot be set in a file`,
        'give --force on the command line',
      );
    const option = verb.options.some((each) => keyOf(each) === key)
      ? command.options.find((candidate) => candidate.attributeName() === key)
      : undefined;
    if (!option) {
      const known = verb.options.map(keyOf).filter((each) => each !== 'force');
      throw usageError(
        `${config.path}: '${name}' has no option '${key}'`,
        `known: ${[...new Set(known)].join(', ')}`,
      );
    }
    const source = command.getOptionValueSource(key);
    const { unless, concerns } = verb.options.find((candidate) => keyOf(candidate) === key)!;
    if (unless && command.getOptionValueSource(unless) === 'cli') continue;
    if (concerns && !concerns(given)) continue;
    if (source !== undefined && source !== 'default') continue;
    command.setOptionValueWithSource(
      key,
      configValue(option, value, `${config.path}: ${name}.${key}`),
      'config',
    );
  }
}

function configValue(option: Option, value: unknown, where: string): unknown {
  const isFlag = option.isBoolean() || option.negate;
  const isWord = (each: unknown) => typeof each === 'string' || typeof each === 'number';
  const isList = Array.isArray(value) && value.every(isWord);
  if (isFlag ? typeof value !== 'boolean' : !(isWord(value) || isList))
    throw usageError(
      `${where} is ${typeof value === 'object' && value ? 'no word, number or list of them' : String(value)}`,
      `${option.flags}: ${option.description}`,
    );
  if (isFlag || !option.parseArg) return isFlag ? value : String(value);
  try {
    return option.parseArg(String(value), undefined);
  } catch (error) {
    if (error instanceof InvalidArgumentError)
      throw usageError(`${where} is ${JSON.stringify(value)}: ${error.message}`, option.description);
    throw error;
  }
}

/** Prints commander's usage errors, which quote the user's input. */
function outputError(text: string, write: (text: string) => void): void {
  const [, said = '', guess = ''] = /^(.*?)(\n\(Did you mean [^\n]*\?\))?\n?$/s.exec(text) ?? [];
  write(`${lineFor(process.stderr, said)}\n${guess ? `${lineFor(process.stderr, guess.slice(1))}\n` : ''}`);
}

/**
 * Prints why a command failed, as a problem of the user's files or machine or as a defect of spikelet, and
 * returns its exit code.
 */
export function report(error: unknown, verbose: boolean): number {
  const problem = systemProblem(error);
  const stack = verbose && error instanceof Error ? stackOf(error) : [];
  if (error instanceof SpikeletError) printError(error, stack);
  else if (problem !== undefined)
    printError({ headline: problem, hint: 'check the paths, and what else this machine is doing' }, stack);
  else
    printError(
      {
        headline: `spikelet itself failed: ${error instanceof Error ? error.message : String(error)}`,
        hint: 'this is a defect: run again with --verbose and report what it prints',
      },
      stack,
    );
  return error instanceof SpikeletError ? error.code : exitCode.failure;
}

/**
 * Where an error was thrown, and its causes. Messages are removed from the stacks, as they could imitate
 * stack lines.
 */
function stackOf(error: Error, depth = 0): string[] {
  const frames = (error.stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line));
  const cause =
    error.cause instanceof Error && depth < 5
      ? [`caused by: ${error.cause.message}`, ...stackOf(error.cause, depth + 1)]
      : [];
  return [...(depth ? [] : [`${error.name}:`]), ...frames, ...cause];
}
