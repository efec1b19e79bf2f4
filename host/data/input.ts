import type { Graph } from '../../models/graph.js';
import type { Net } from '../../models/net.js';
import type { DataInput } from './sources/source.js';

/** What a source must know of the net that its data is for: image, classes and the front end of its training. */
export const netInput = ({ input, classes, frontEnd }: Net): DataInput => ({
  ...input,
  classes,
  ...(frontEnd ? { frontEnd } : {}),
});

/** The same of a Graph. */
export const graphInput = ({ input, tensors, classes, frontEnd }: Graph): DataInput => ({
  ...input,
  shape: tensors['input']!.shape,
  classes,
  ...(frontEnd ? { frontEnd } : {}),
});
