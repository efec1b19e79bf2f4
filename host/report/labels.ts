/** Placement of labels next to their marks. Pure. */
export type Box = { x: number; y: number; width: number; height: number };

export type Wanted = { text: string; at: [number, number]; width: number; height: number };

export type PlacedLabel = { text: string; at: [number, number]; box: Box };

const overlap = (a: Box, b: Box): number =>
  Math.max(0, Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)) *
  Math.max(0, Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y));

const inside = (box: Box, bounds: Box): boolean =>
  box.x >= bounds.x &&
  box.y >= bounds.y &&
  box.x + box.width <= bounds.x + bounds.width &&
  box.y + box.height <= bounds.y + bounds.height;

/** Distances and directions to try, nearest first; right and left before the others. */
const places: [number, number][] = [9, 16, 26, 38, 54].flatMap((distance) =>
  [0, 180, 45, 135, 225, 315, 90, 270, 20, 160, 200, 340].map((degrees): [number, number] => [
    distance * Math.cos((degrees * Math.PI) / 180),
    -distance * Math.sin((degrees * Math.PI) / 180),
  ]),
);

/**
 * Places each label within `bounds` without covering an obstacle or another label; a label that finds no room
 * is omitted.
 */
export function placeLabels(wanted: Wanted[], obstacles: Box[], bounds: Box): PlacedLabel[] {
  const placed: PlacedLabel[] = [];
  for (const { text, at, width, height } of wanted) {
    const taken = [...obstacles, ...placed.map(({ box }) => box)];
    const box = places
      .map(([dx, dy]): Box => {
        const x = at[0] + dx - (dx > 1 ? 0 : dx < -1 ? width : width / 2);
        const y = at[1] + dy - (dy > 1 ? 0 : dy < -1 ? height : height / 2);
        return { x, y, width, height };
      })
      .find(
        (candidate) => inside(candidate, bounds) && taken.every((other) => overlap(candidate, other) === 0),
      );
    if (box) placed.push({ text, at, box });
  }
  return placed;
}
