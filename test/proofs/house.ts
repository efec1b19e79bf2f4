import { measureSources, median } from '../support/measure-sources.js';

/**
 * `npm run bench -- house`: how long the files and functions of the sources are: medians, and the longest. Seconds.
 */
const { files, functions } = measureSources();
const lines = (list: { lines: number }[]) => median(list.map((each) => each.lines));
console.log(`${files.length} files, median ${lines(files)} lines`);
console.log(
  `${functions.length} functions, median ${lines(functions)} lines; ${median(functions.map(({ parameters }) => parameters))} parameters`,
);
const longest = <T extends { lines: number }>(list: T[]) =>
  [...list].sort((a, b) => b.lines - a.lines).slice(0, 10);
console.log('the longest files:');
for (const { file, lines: count } of longest(files)) console.log(`  ${count} ${file}`);
console.log('the longest functions:');
for (const { file, line, lines: count } of longest(functions)) console.log(`  ${count} ${file}:${line}`);
