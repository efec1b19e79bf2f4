import { existsSync, writeFileSync } from 'node:fs';
import { root } from '../support/imports.js';
import { figuresFolder, figureText, leftFolder, readFigures } from './figure.js';
import { pages, read } from './pages.js';

// `npm run figures`: takes over what benches left in build/figures, then writes tables and pictures into the
// documents.
const known = readFigures();
if (existsSync(leftFolder))
  for (const [name, left] of readFigures(leftFolder)) {
    const before = known.get(name);
    const same = JSON.stringify(before?.columns) === JSON.stringify(left.columns);
    if (before && !same)
      throw new Error(`build/figures/${name}.json has other columns than docs/figures/${name}.json`);
    const text = figureText(left);
    if (before && figureText(before) === text) continue;
    writeFileSync(`${figuresFolder}${name}.json`, text);
    console.log(`docs/figures/${name}.json: taken over from build/figures, measured ${left.date}`);
  }
for (const { path, contents } of pages()) {
  if (existsSync(`${root}${path}`) && read(path) === contents) continue;
  writeFileSync(`${root}${path}`, contents);
  console.log(path);
}
