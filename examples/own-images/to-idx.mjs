// Folders of images, PICTURES/CLASS/*.png, as the IDX files of a data set. Every fifth image is for testing.
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import sharp from 'sharp';

const [pictures, out, side = '28'] = process.argv.slice(2);
if (!pictures || !out) {
  console.error('usage: node to-idx.mjs PICTURES IDX [SIDE]');
  process.exit(2);
}

/** An IDX file of bytes: magic number, sizes, data. */
function idx(sizes, data) {
  const head = Buffer.alloc(4 + 4 * sizes.length);
  head.writeUInt32BE(0x800 + sizes.length);
  for (const [i, size] of sizes.entries()) head.writeUInt32BE(size, 4 + 4 * i);
  return Buffer.concat([head, ...data]);
}

const folders = await readdir(pictures, { withFileTypes: true });
const classes = folders
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();
const samples = [];
for (const [label, name] of classes.entries()) {
  const files = (await readdir(`${pictures}/${name}`))
    .filter((file) => /\.(png|jpe?g|webp)$/i.test(file))
    .sort();
  for (const [i, file] of files.entries()) {
    const square = sharp(`${pictures}/${name}/${file}`).resize(Number(side), Number(side), { fit: 'cover' });
    const pixels = await square.flatten().greyscale().raw().toBuffer();
    samples.push({ label, pixels, split: i % 5 === 4 ? 't10k' : 'train' });
  }
}

await mkdir(out, { recursive: true });
for (const split of ['train', 't10k']) {
  const chosen = samples.filter((sample) => sample.split === split);
  const images = idx(
    [chosen.length, Number(side), Number(side)],
    chosen.map(({ pixels }) => pixels),
  );
  await writeFile(`${out}/${split}-images-idx3-ubyte`, images);
  const labels = idx([chosen.length], [Buffer.from(chosen.map(({ label }) => label))]);
  await writeFile(`${out}/${split}-labels-idx1-ubyte`, labels);
  console.log(`${out}: ${chosen.length} images for ${split === 'train' ? 'training' : 'testing'}`);
}
// Names for people, and which folder is which class for `run` and `verify` on the folders themselves.
await writeFile(`${out}/classes.txt`, `${classes.join('\n')}\n`);
await writeFile(`${pictures}/classes.txt`, `${classes.join('\n')}\n`);
console.log(`classes: ${classes.join(', ')}`);
