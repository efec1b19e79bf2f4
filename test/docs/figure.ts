import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** Tables of the documents as data: a bench leaves one, `npm run figures` prints it. */
const kinds = ['measured', 'simulated', 'estimated'] as const;
const line = z.string().regex(/^[^\n]*$/);

const figure = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/),
  /** What prints these figures. */
  command: line,
  /** Where the bench left it itself: the day, processor and Node. */
  date: z
    .string()
    .regex(/^\d{4}-\d\d-\d\d$/)
    .optional(),
  machine: line.optional(),
  /** A column of figures says what they are; one without a kind holds names. */
  columns: z.array(z.strictObject({ title: line, kind: z.enum(kinds).optional() })).min(2),
  /** Cells in the order of the columns, text as Markdown. */
  rows: z.array(z.array(z.union([line, z.number()]))).min(1),
});

export type Figure = z.infer<typeof figure>;

const root = fileURLToPath(new URL('../../../', import.meta.url));
/** The figures that the documents show, and those that benches have left here since. */
export const figuresFolder = `${root}docs/figures/`;
export const leftFolder = `${root}build/figures/`;

/**
 * A figure from the text of its file.
 * @throws Error if it is not a figure, has another name than its file, or a row has too many or too few
 * cells.
 */
export function parseFigure(text: string, name: string): Figure {
  const result = figure.safeParse(JSON.parse(text));
  if (!result.success) throw new Error(`${name}.json is not a figure: ${z.prettifyError(result.error)}`);
  const parsed = result.data;
  if (parsed.name !== name) throw new Error(`${name}.json has the name '${parsed.name}'`);
  const odd = parsed.rows.findIndex((row) => row.length !== parsed.columns.length);
  if (odd >= 0) throw new Error(`${name}.json: row ${odd} has ${parsed.rows[odd]!.length} cells`);
  if (!parsed.columns.some(({ kind }) => kind)) throw new Error(`${name}.json: no column has a kind`);
  return parsed;
}

/** All figures of a folder by name. */
export function readFigures(folder = figuresFolder): Map<string, Figure> {
  const names = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();
  return new Map(
    names.map((name) => [name, parseFigure(readFileSync(`${folder}${name}.json`, 'utf8'), name)]),
  );
}

/** The text of a figure's file, a row on a line. */
export function figureText({ columns, rows, ...head }: Figure): string {
  const list = (items: unknown[]) =>
    `[\n${items.map((item) => `    ${JSON.stringify(item)}`).join(',\n')}\n  ]`;
  const entries = Object.entries(head).map(
    ([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`,
  );
  return `{\n${[...entries, `  "columns": ${list(columns)}`, `  "rows": ${list(rows)}`].join(',\n')}\n}\n`;
}

/** The day, and what a bench ran on. */
export const ranHere = () => ({
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus()[0]?.model.trim() ?? 'unknown processor'}, Node ${process.version}`,
});

/** A bench leaves what it found for `npm run figures`, with the day and the machine. */
export function leaveFigure(left: Omit<Figure, 'date' | 'machine'>): void {
  const whole = { ...left, ...ranHere() };
  mkdirSync(leftFolder, { recursive: true });
  writeFileSync(`${leftFolder}${left.name}.json`, figureText(parseFigure(JSON.stringify(whole), left.name)));
}

const cell = (value: string | number): string =>
  typeof value === 'number' ? value.toLocaleString('en-US', { maximumFractionDigits: 6 }) : value;

/**
 * A figure as a Markdown table, and a line that says what kind of figures they are and which command prints
 * them.
 */
export function figureMarkdown({ command, date, machine, columns, rows }: Figure): string {
  const found = [...new Set(columns.flatMap(({ kind }) => kind ?? []))];
  const [only] = found.length === 1 ? found : [];
  const heads = columns.map(({ title, kind }) =>
    kind && !only && title !== kind ? `${title} (${kind})` : title,
  );
  const row = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const said = only ? `${only[0]!.toUpperCase()}${only.slice(1)} by` : 'Printed by';
  const where = [date, machine].filter(Boolean).join(', ');
  return [
    row(heads),
    row(columns.map(() => '---')),
    ...rows.map((cells) => row(cells.map(cell))),
    '',
    `*${said} ${/^(npm|spikelet) /.test(command) ? `\`${command}\`` : command}${where ? ` (${where})` : ''}.*`,
  ].join('\n');
}

const marker = /^(<!-- figures:([a-z0-9-]+) -->\n).*?^(<!-- \/figures -->)/gms;

/**
 * A document with the tables between its markers, `<!-- figures:NAME -->` and `<!-- /figures -->`, written
 * again.
 * @throws Error where a name is unknown or a marker has no partner.
 */
export function withFigures(page: string, figures: Map<string, Figure>, path: string): string {
  const [opened, closed] = [/^<!-- figures:/gm, /^<!-- \/figures -->/gm].map(
    (mark) => page.match(mark)?.length ?? 0,
  );
  const whole = [...page.matchAll(marker)].length;
  if (opened !== whole || closed !== whole) throw new Error(`${path}: a marker of figures has no partner`);
  return page.replace(marker, (_, open: string, name: string, close: string) => {
    const found = figures.get(name);
    if (!found) throw new Error(`${path}: there is no docs/figures/${name}.json`);
    return `${open}${figureMarkdown(found)}\n${close}`;
  });
}

/** Names of the figures that a document shows. */
export const figuresOf = (page: string): string[] => [...page.matchAll(marker)].map(([, , name]) => name!);
