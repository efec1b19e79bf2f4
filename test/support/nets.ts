import { createNet, type Net, type Shape, type ZooOptions } from '../../models/index.js';
import { seeded } from './random-graph.js';

/** A zoo net with repeatable random weights, its image normalised by mean 0 and std 1. */
export const zooNet = (model: string, shape: Shape, classes: number, options: ZooOptions = {}): Net =>
  createNet(
    model,
    { shape, mean: new Array(shape[2]).fill(0), std: new Array(shape[2]).fill(1) },
    Array.from({ length: classes }, (_, i) => String(i)),
    seeded(7),
    options,
  );
