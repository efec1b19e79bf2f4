import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { exitCode, SpikeletError } from '../../models/error.js';
import { loadConfig } from '../config.js';
import { version } from '../version.js';
import { terminal } from './io.js';
import { keyOf, usageError, type Verb } from './verb.js';
import { verbs } from './verbs/index.js';

/** Runs one command line (process.argv) and returns its exit code. Nothing is thrown. */
export async function runCli(argv: string[]): Promise<number> {
  let code: number = exitCode.ok;
  const program = new Command('spikelet')
    .description('Spiking neural networks from data to a board, with every integer proven equal.')
    .version(version)
    .option('--verbose', 'show stack traces')
    .showHelpAfterError('(spikelet --help lists the verbs)')
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
    .exitOverride()
    .showHelpAfterError(`(spikelet ${name} --help shows what it takes)`);
  for (const [syntax, description] of verb.arguments ?? []) command.argument(syntax, description);
  for (const { flags, description, parse, default: fallback } of verb.options) {
    const option = new Option(flags, description);
    if (parse) option.argParser(parse);
    if (fallback !== undefined) option.default(fallback);
    command.addOption(option);
  }
  command.option('--json', 'print the result as JSON');
  command.option('--verbose', 'show stack traces');
  command.action(async () => {
    await applyConfig(command, name, verb);
    const { json = false, ...options } = command.opts<{ json?: boolean }>();
    const { result, code } = await verb.run(
      command.processedArgs,
      options as Record<string, never>,
      terminal(json),
    );
    if (json && result !== undefined) process.stdout.write(`${JSON.stringify(result)}\n`);
    finish(code ?? exitCode.ok);
  });
}

/** Takes over what spikelet.config.ts says of a verb, by the options' own parsers; flags win. */
async function applyConfig(command: Command, name: string, verb: Verb): Promise<void> {
  const config = await loadConfig(name);
  if (!config) return;
  for (const [key, value] of Object.entries(config.options)) {
    const option = command.options.find((candidate) => candidate.attributeName() === key);
    if (!option) {
      const known = verb.options.map(keyOf);
      throw usageError(
        `${config.path}: '${name}' has no option '${key}'`,
        `known: ${[...new Set(known)].join(', ')}`,
      );
    }
    const source = command.getOptionValueSource(key);
    const unwanted = verb.options.find((candidate) => keyOf(candidate) === key)?.unless;
    if (unwanted && command.getOptionValueSource(unwanted) === 'cli') continue;
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
  if (isFlag !== (typeof value === 'boolean') || (typeof value === 'object' && !Array.isArray(value)))
    throw usageError(`${where} is ${JSON.stringify(value)}`, `${option.flags}: ${option.description}`);
  if (isFlag || !option.parseArg) return isFlag ? value : String(value);
  try {
    return option.parseArg(String(value), undefined);
  } catch (error) {
    if (error instanceof InvalidArgumentError)
      throw usageError(`${where} is ${JSON.stringify(value)}: ${error.message}`, option.description);
    throw error;
  }
}

function report(error: unknown, verbose: boolean): number {
  const expected = error instanceof SpikeletError;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`error: ${expected ? message : `spikelet itself failed: ${message}`}\n`);
  const hint = expected ? error.hint : 'this is a defect: run again with --verbose and report what it prints';
  if (hint) process.stderr.write(`hint: ${hint}\n`);
  if (verbose && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return expected ? error.code : exitCode.failure;
}
