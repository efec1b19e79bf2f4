import type { Shape } from '../../models/tensor.js';
import { usageError } from '../system/usage.js';
import type { Looks } from './index.js';

/** Refuses data of other images or classes than the model in `path` was made for. */
export function requireFits(path: string, model: { shape: Shape; classes: string[] }, data: Looks): void {
  if (String(data.shape) !== String(model.shape))
    throw usageError(
      `${path} takes images of ${model.shape.join(' x ')}, ${data.name} has ${data.shape.join(' x ')}`,
      'give data like the training data',
    );
  if (data.classes.length !== model.classes.length)
    throw usageError(
      `${path} tells ${model.classes.length} classes apart, ${data.name} has ${data.classes.length}`,
      'give data like the training data',
    );
}
