import type { Shape } from '../../models/index.js';

const ON = ' .+*#';
const OFF = ' ,-=%';
const GREY = ' .:-=+*#%@';
const SPIKES = ' .:*#';

/**
 * One raw image u8 [row][column][channel] as text of at most `columns`, one character per block of k columns
 * by 2k rows (characters are twice as high as wide). Two channels are event counts, relative to the frame's
 * maximum: `.+*#` where ON is stronger, `,-=%` where OFF is. Other images are grey, dark to light `
 * .:-=+*#%@`.
 */
export function asciiFrame(frame: Uint8Array, shape: Shape, columns = 80): string {
  const [, width, channels] = shape;
  const k = Math.ceil(width / columns);
  const means = Array.from({ length: channels }, (_, c) => blocks(frame, shape, c, 2 * k, k, mean));
  if (channels !== 2) {
    const grey = means[0]!.map((line, y) =>
      line.map((_, x) => means.reduce((sum, channel) => sum + channel[y]![x]!, 0) / channels),
    );
    return draw(grey, (value) => ramp(GREY, value / 255));
  }
  const [on, off] = means as [number[][], number[][]];
  const peak = Math.max(1, ...on.flat(), ...off.flat());
  return on
    .map((line, y) =>
      line
        .map((value, x) => {
          const other = off[y]![x]!;
          return value >= other ? ramp(ON, value / peak) : ramp(OFF, other / peak);
        })
        .join('')
        .trimEnd(),
    )
    .join('\n');
}

/**
 * The first `maxChannels` maps of one spike map u8 [row][column][channel] side by side, at most 80 wide: one
 * character per neuron, ` .:*#` for 0, 1, 2, 3, 4 or more spikes; of maps that do not fit, the largest of
 * each block.
 */
export function asciiSpikes(counts: Uint8Array, shape: Shape, maxChannels: number): string {
  const [, width, channels] = shape;
  const k = Math.ceil((width + 2) / 80);
  const cell = Math.max(Math.ceil(width / k), `channel ${channels - 1}`.length);
  const perRow = Math.max(1, Math.floor(81 / (cell + 1)));
  const shown = Math.min(channels, maxChannels);
  const rows: string[] = [];
  for (let first = 0; first < shown; first += perRow) {
    const maps = Array.from({ length: Math.min(perRow, shown - first) }, (_, i) => {
      const map = blocks(counts, shape, first + i, k, k, largest);
      return [`channel ${first + i}`, ...draw(map, (count) => SPIKES[Math.min(count, 4)]!).split('\n')];
    });
    rows.push(
      maps[0]!
        .map((_, y) =>
          maps
            .map((map) => map[y]!.padEnd(cell))
            .join(' ')
            .trimEnd(),
        )
        .join('\n'),
    );
  }
  return rows.join('\n\n');
}

const draw = (values: number[][], letter: (value: number) => string): string =>
  values.map((line) => line.map(letter).join('').trimEnd()).join('\n');

/** Every value above 0 is visible. */
const ramp = (letters: string, value: number): string =>
  letters[Math.min(letters.length - 1, Math.ceil(value * (letters.length - 1)))]!;

const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const largest = (values: number[]): number => Math.max(...values);

/** One channel, reduced in blocks of `high` rows by `wide` columns (the last ones may be smaller). */
function blocks(
  data: Uint8Array,
  [height, width, channels]: Shape,
  channel: number,
  high: number,
  wide: number,
  reduce: (values: number[]) => number,
): number[][] {
  return Array.from({ length: Math.ceil(height / high) }, (_, by) =>
    Array.from({ length: Math.ceil(width / wide) }, (_, bx) => {
      const values: number[] = [];
      for (let y = by * high; y < Math.min(height, (by + 1) * high); y++)
        for (let x = bx * wide; x < Math.min(width, (bx + 1) * wide); x++)
          values.push(data[(y * width + x) * channels + channel]!);
      return reduce(values);
    }),
  );
}
