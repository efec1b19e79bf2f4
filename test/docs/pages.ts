import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { OutputFile } from '../../models/index.js';
import { root } from '../support/imports.js';
import { architectureSvg } from './architecture.js';
import { readFigures, withFigures } from './figure.js';
import { withParts } from './parts.js';
import { pictureSvg, readPicture } from './picture.js';

/** The documents whose tables or links a script knows. */
export const documents = (): string[] => [
  ...[
    'README.md',
    'CONTRIBUTING.md',
    'firmware-gen/README.md',
    'fpga/README.md',
    'models/ops/TEMPLATE.md',
  ].filter((path) => existsSync(`${root}${path}`)),
  ...markdownIn('docs'),
  ...markdownIn('examples'),
];

const markdownIn = (folder: string): string[] =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !/(^|\/)(build|node_modules)\//.test(file))
    .map((file) => `${folder}/${file}`)
    .sort();

export const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

/**
 * What `npm run figures` writes: documents with their generated parts as they should be, and the pictures.
 */
export function pages(): OutputFile[] {
  const figures = readFigures();
  return [
    ...documents().map((path) => ({
      path,
      contents: withParts(withFigures(read(path), figures, path), path),
    })),
    { path: 'docs/architecture.svg', contents: architectureSvg() },
    { path: 'docs/spikes.svg', contents: pictureSvg(readPicture(read('docs/spikes.json'))) },
  ];
}
