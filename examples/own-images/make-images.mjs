// Draws shapes as PNG files, PICTURES/CLASS/0000.png ...; in place of it, put photos of your own into such folders.
import { mkdir } from 'node:fs/promises';
import sharp from 'sharp';

const [folder = 'build/pictures', count = '80'] = process.argv.slice(2);
const SIDE = 64;
let state = 1;
/** A number 0..1, the same in each run. */
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
const between = (low, high) => low + (high - low) * random();

const shapes = {
  circle: (r) => `<circle r="${r}"/>`,
  cross: (r) => `<path d="M${-r} ${-r}L${r} ${r}M${-r} ${r}L${r} ${-r}"/>`,
  square: (r) => `<rect x="${-r}" y="${-r}" width="${2 * r}" height="${2 * r}"/>`,
};

for (const [name, draw] of Object.entries(shapes)) {
  await mkdir(`${folder}/${name}`, { recursive: true });
  for (let i = 0; i < Number(count); i++) {
    const [x, y, turn] = [between(24, 40), between(24, 40), between(-20, 20)];
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${SIDE}" height="${SIDE}"><rect width="100%" height="100%" fill="black"/><g transform="translate(${x} ${y}) rotate(${turn})" fill="none" stroke="white" stroke-width="${between(4, 8)}">${draw(between(12, 20))}</g></svg>`;
    await sharp(Buffer.from(svg))
      .png()
      .toFile(`${folder}/${name}/${String(i).padStart(4, '0')}.png`);
  }
}
console.log(`${folder}: ${count} images each of ${Object.keys(shapes).join(', ')}`);
