import { SpikeletError } from '../../models/error.js';
import { npmInstall } from '../system/version.js';
import { readBounded } from './read.js';

/** One class: its name, and the id that ImageNet's folders use for it (n01440764), if the file gives one. */
export type Label = { name: string; id?: string };

const MAX_CLASSES = 65_536;

const MAX_BYTES = 2 ** 24;

/** Reads classes from a text file, one line each: a name, or an ImageNet id and a name. */
export async function readLabels(path: string): Promise<Label[]> {
  const bytes = await readBounded(path, {
    maxBytes: MAX_BYTES,
    what: 'a text file with one line per class',
    tooLarge: 'is it a list of classes?',
  });
  const text = new TextDecoder().decode(bytes);
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  while (lines.at(-1) === '') lines.pop();
  const bad = lines.findIndex((line) => line === '' || line.length > 1000);
  if (!lines.length || bad >= 0 || lines.length > MAX_CLASSES || text.includes('\0'))
    throw new SpikeletError(`${path} is not a list of classes${bad >= 0 ? `: see line ${bad + 1}` : ''}`, {
      hint: 'one line per class, in the order of the logits: a name, or an id and a name (n01440764 tench)',
    });
  return lines.map((line) => {
    const [, id, name] = /^(n\d{8})\s+(.+)$/.exec(line) ?? [];
    return id && name ? { id, name } : { name: line };
  });
}

/**
 * ImageNet-1k's 1,000 class names in the usual order, from the optional @tensorflow-models/mobilenet; without
 * it their numbers, and a note that says how to get names.
 */
export async function imagenetClasses(note: (line: string) => void): Promise<string[]> {
  const numbers = Array.from({ length: 1000 }, (_, i) => i);
  try {
    const { default: module } = await import('@tensorflow-models/mobilenet/dist/imagenet_classes.js');
    return numbers.map((i) => module.IMAGENET_CLASSES[i]!);
  } catch {
    note(`classes are shown as numbers; for names give --labels FILE, or run ${npmInstall(IMAGENET)}`);
    return numbers.map(String);
  }
}

const IMAGENET = '@tensorflow-models/mobilenet';
