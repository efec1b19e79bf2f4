import type { Verb, VerbOption } from '../../host/cli/verb.js';
import { verbs } from '../../host/cli/verbs/index.js';

/** docs/cli.md, between its markers: every verb and option, from the tables that --help reads. */
const code = (text: string) => `\`${text.replaceAll('|', '\\|')}\``;
const words = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

function defaultOf({ default: fallback }: VerbOption): string {
  if (fallback === undefined || (Array.isArray(fallback) && !fallback.length)) return '';
  return code(String(fallback));
}

function chapter(name: string, { summary, arguments: places = [], options, configured }: Verb): string[] {
  const usage = [name, ...(options.length ? ['[options]'] : []), ...places.map(([syntax]) => syntax)].join(
    ' ',
  );
  const sentence = `${summary[0]!.toUpperCase()}${summary.slice(1)}.`;
  return [
    `### ${name}`,
    '',
    `    spikelet ${usage}`,
    '',
    words(sentence) + (configured ? ' Takes options from a configuration file.' : ''),
    '',
    ...(places.length ? [...places.map(([syntax, what]) => `- ${code(syntax)}: ${words(what)}`), ''] : []),
    ...(options.length
      ? [
          '| option | what | default |',
          '|---|---|---|',
          ...options.map(
            (option) => `| ${code(option.flags)} | ${words(option.description)} | ${defaultOf(option)} |`,
          ),
          '',
        ]
      : []),
  ];
}

/** Every verb as Markdown, in the order of help. */
export const commandLine = (): string =>
  Object.entries(verbs)
    .flatMap(([name, verb]) => chapter(name, verb))
    .join('\n')
    .trimEnd();
