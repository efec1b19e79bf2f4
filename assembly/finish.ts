import { placeBytes } from './counts';
import { fireRun, scaleRun } from './ends';
import { Node } from './node';
import { End } from './scalar';

/**
 * What becomes of the sums of `n` outputs from `first` on at one column: spikes, or numbers in fixed point. `y`, `x1`:
 * rows of the output and of the residual. `block`: where the tile's constants begin behind the node's; thresholds of one
 * level are `outputs` apart.
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
