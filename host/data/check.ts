import { type Dataset, product, SpikeletError, type Split } from '../../models/index.js';

/** What to call the two splits in an error: their file, if there is one. */
export type SplitNames = { train: string; test: string };

/**
 * Refuses data that cannot be trained on: a split or training class without images, a label outside the
 * classes, sizes that do not match, a constant channel. A class may be absent from a (small) test set.
 * @returns the same dataset.
 * @throws SpikeletError naming the split (`names`) and, for labels, the class or the image.
 */
export function checkDataset(
  dataset: Dataset,
  names: SplitNames = { train: `${dataset.name} (training)`, test: `${dataset.name} (test)` },
): Dataset {
  const { classes, shape, mean, std } = dataset;
  if (classes.length < 2)
    throw new SpikeletError(`${names.train}: ${classes.length} class(es)`, {
      hint: 'a classifier needs images of at least two classes',
    });
  checkSplit(dataset.train, dataset, names.train);
  checkSplit(dataset.test, dataset, names.test);
  const counts = countLabels(dataset.train, classes.length);
  const empty = classes.filter((_, label) => counts[label] === 0);
  if (empty.length)
    throw new SpikeletError(
      `${names.train}: no image of class ${empty.slice(0, 5).join(', ')}${empty.length > 5 ? ', ...' : ''} ` +
        `(${empty.length} of ${classes.length} classes are empty)`,
      { hint: 'labels count from 0 without gaps; renumber them, or add images of that class' },
    );
  if (mean.length !== shape[2] || std.length !== shape[2] || ![...mean, ...std].every(Number.isFinite))
    throw new SpikeletError(
      `dataset ${dataset.name}: mean [${mean}] and std [${std}] do not fit ${shape[2]} channel(s)`,
    );
  const constant = std.findIndex((value) => value <= 0);
  if (constant >= 0)
    throw new SpikeletError(
      `${names.train}: all pixels of channel ${constant} are equal, so there is nothing to learn from`,
      { hint: 'is this the right file?' },
    );
  return dataset;
}

/** Images per class. */
export function countLabels(split: Split, classes: number): Uint32Array {
  const counts = new Uint32Array(classes);
  for (const label of split.labels) counts[label]!++;
  return counts;
}

function checkSplit(split: Split, { classes, shape }: Dataset, name: string): void {
  if (split.count === 0)
    throw new SpikeletError(`${name}: no images`, { hint: 'a dataset needs training and test images' });
  if (split.labels.length !== split.count || split.images.length !== split.count * product(shape))
    throw new SpikeletError(
      `${name}: ${split.count} images of [${shape}] and ${split.labels.length} labels do not fit the ` +
        `${split.images.length} pixels`,
    );
  const wrong = split.labels.findIndex((label) => label >= classes.length);
  if (wrong >= 0)
    throw new SpikeletError(
      `${name}: image ${wrong} has label ${split.labels[wrong]}, outside the classes 0..${classes.length - 1}`,
      { hint: 'are the labels and images from the same dataset?' },
    );
}
