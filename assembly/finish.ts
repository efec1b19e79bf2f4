import { placeBytes } from './counts';
import { fireRun, scaleRun } from './ends';
import { Node } from './node';
import { End } from './scalar';

/**
 * Turns the sums of `n` outputs, starting at `first`, at one column into spikes or fixed-point numbers. `y`,
 * `x1`: rows of the output and the residual. `block`: offset of the tile's constants from the node's; levels
 * of thresholds are `outputs` apart.
 */
@inline
export function finishTile<S, R, Y, T>(
  node: Node, sums: usize, y: usize, x1: usize, column: i32, out: i32, first: i32, n: i32, block: usize, outputs: i32,
  end: End, levels: i32, residual: bool, packed: bool,
): void {
  const to = y + <usize>(column * placeBytes<Y>(out, packed));
  if (end == End.Fire)
    fireRun<S, T>(sums, to + placeBytes<Y>(first, packed), n, node.thresholds + block, outputs, levels, packed);
  else
    scaleRun<S, R, Y>(
      node.multiplier + block, node.bias + block, node.shift,
      sums, to + first * sizeof<Y>(), x1 + (column * out + first) * sizeof<R>(), n, residual,
    );
}
