/** Numbers and tables as people read them. Pure. */

export const percent = (fraction: number, digits = 1): string => `${(100 * fraction).toFixed(digits)} %`;

export const bytes = (count: number): string =>
  count < 1024
    ? `${count} B`
    : count < 1024 * 1024
      ? `${(count / 1024).toFixed(1)} KiB`
      : `${(count / 1024 / 1024).toFixed(2)} MiB`;

/** 1234567 as 1.23 M. */
export const quantity = (count: number): string =>
  count < 10_000
    ? String(count)
    : count < 1e6
      ? `${(count / 1e3).toFixed(1)} k`
      : `${(count / 1e6).toFixed(2)} M`;

export const duration = (seconds: number): string => {
  const s = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(s / 60);
  return minutes >= 60
    ? `${Math.floor(minutes / 60)} h ${minutes % 60} min`
    : minutes
      ? `${minutes} min ${String(s % 60).padStart(2, '0')} s`
      : `${s} s`;
};

export type Column = { title: string; right?: boolean };

/** Lines of a table; a column of numbers is aligned right. */
export function table(columns: Column[], rows: string[][]): string[] {
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: string[]) =>
    cells
      .map((cell, i) => (columns[i]!.right ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [
    line(columns.map(({ title }) => title)),
    widths.map((w) => '-'.repeat(w)).join('  '),
    ...rows.map(line),
  ];
}
