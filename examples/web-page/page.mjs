// Loads the built module and shows what it makes of recorded gestures.
import { load } from './build/wasm/model.mjs';

const place = (id) => document.getElementById(id);
const [model, { shape, classes, frames }] = await Promise.all([
  load(),
  fetch('build/frames.json').then((answer) => answer.json()),
]);
const [rows, columns] = shape;

/** ON events warm, OFF events cold. */
function draw(pixels) {
  const context = place('frame').getContext('2d');
  const image = context.createImageData(columns, rows);
  for (let i = 0; i < rows * columns; i++) {
    const [on, off] = [pixels[2 * i], pixels[2 * i + 1]];
    image.data.set([Math.min(255, 3 * on), on + off, Math.min(255, 3 * off), 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
}

function show({ gesture, data }) {
  const pixels = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  draw(pixels);
  const start = performance.now();
  const logits = [...model.infer(pixels)];
  const ms = performance.now() - start;
  const best = logits.indexOf(Math.max(...logits));
  const [least, most] = [Math.min(...logits), Math.max(...logits)];
  place('classes').replaceChildren(
    ...classes.map((name, i) => {
      const row = document.createElement('tr');
      row.className = i === best ? 'best' : '';
      row.innerHTML = `<td></td><td><div class="bar" style="width:${4 + (160 * (logits[i] - least)) / (most - least)}px"></div></td>`;
      row.cells[0].textContent = name;
      return row;
    }),
  );
  place('says').textContent = `shown: ${gesture}; the network says: ${classes[best]} (${ms.toFixed(2)} ms)`;
}

place('buttons').replaceChildren(
  ...frames.map((frame, i) => {
    const button = document.createElement('button');
    button.textContent = `gesture ${i + 1}`;
    button.onclick = () => show(frame);
    return button;
  }),
);
show(frames[0]);
