import { writeFileSync } from 'node:fs';
import { goldenFolder, prints } from './prints.js';

// `npm run golden`: writes what the backends print today over the golden files; read the difference before
// you commit it.
for (const { path, contents } of await prints()) {
  writeFileSync(goldenFolder + path, contents);
  console.log(`test/golden/${path}`);
}
