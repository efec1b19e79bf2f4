import type { OutputFile } from '../models/index.js';

/** Where the model's library lies in a project, and its sources in it. */
export const LIBRARY = 'spikelet';
const SOURCES = 'src';

/** Path of a model's file in a project. */
export const inLibrary = (path: string): string => `${LIBRARY}/${SOURCES}/${path}`;

/**
 * The model as one folder that Arduino and PlatformIO take as a library and ESP-IDF as a component. `model`: spikelet.h
 * and its C, which need no board.
 */
export function modelLibrary(model: OutputFile[], version: string): OutputFile[] {
  const compiled = model.map(({ path }) => path).filter((path) => /\.[cS]$/.test(path));
  const files: OutputFile[] = [
    { path: 'library.properties', contents: arduinoLibrary(version) },
    { path: 'library.json', contents: platformioLibrary(version) },
    { path: 'CMakeLists.txt', contents: espIdfComponent(compiled) },
    { path: 'idf_component.yml', contents: espIdfManifest(version) },
    { path: 'keywords.txt', contents: keywords },
    { path: 'README.md', contents: readme },
    { path: 'examples/Classify/Classify.ino', contents: sketch },
    ...model.map(({ path, contents }) => ({ path: `${SOURCES}/${path}`, contents })),
  ];
  return files.map(({ path, contents }) => ({ path: `${LIBRARY}/${path}`, contents }));
}

const sentence = 'A spiking neural network with the integers of its training, in plain C';

const arduinoLibrary = (version: string): string => `name=Spikelet
version=${version}
author=spikelet
maintainer=spikelet
sentence=${sentence}.
paragraph=One call classifies an image. No heap, no floating point, no other library.
category=Data Processing
url=https://www.npmjs.com/package/spikelet
architectures=*
includes=spikelet.h
`;

const platformioLibrary = (version: string): string =>
  `${JSON.stringify(
    {
      name: 'Spikelet',
      version,
      description: sentence,
      frameworks: '*',
      platforms: '*',
      headers: 'spikelet.h',
      keywords: ['machine learning', 'spiking neural network'],
      examples: [{ name: 'Classify', base: 'examples/Classify', files: ['Classify.ino'] }],
      build: { srcDir: SOURCES, includeDir: SOURCES, flags: '-O2' },
    },
    null,
    2,
  )}
`;

const espIdfComponent = (sources: string[]): string => `idf_component_register(
  SRCS ${sources.map((path) => `"${SOURCES}/${path}"`).join(' ')}
  INCLUDE_DIRS "${SOURCES}"
)
target_compile_options(\${COMPONENT_LIB} PRIVATE -O2)
`;

const espIdfManifest = (version: string): string => `version: "${version}"
description: ${sentence}
url: https://www.npmjs.com/package/spikelet
`;

/** What Arduino's editor colours: names, a tab, what they are. */
const keywords = `${[
  ...['init', 'input', 'pixels', 'infer'].map((name) => `spikelet_${name}\tKEYWORD2`),
  ...['MODEL', 'INPUT_BYTES', 'CLASSES'].map((name) => `SPIKELET_${name}\tLITERAL1`),
  'spikelet_classes\tLITERAL1',
].join('\n')}
`;

const readme = `# A spiking network in C

    if (spikelet_init() != 0) stop();
    spikelet_pixels(image);                       // SPIKELET_INPUT_BYTES raw pixels 0..255, [row][column][channel]
    const int32_t *logits = spikelet_infer();     // SPIKELET_CLASSES of them

src/spikelet.h is the whole API, for C and C++. It needs 32-bit addresses and a little-endian core, no heap, no floating
point and no other library.

- Arduino: copy this folder into the libraries folder of your sketchbook; File > Examples > Spikelet > Classify.
- PlatformIO: copy it into lib/ of your project.
- ESP-IDF: copy it into components/ of your project, and name it in PRIV_REQUIRES of what uses it.
`;

const sketch = `// Classifies images that come over the serial port: SPIKELET_INPUT_BYTES raw pixels each, [row][column][channel].
#include <spikelet.h>

static uint8_t image[SPIKELET_INPUT_BYTES];

void setup() {
  Serial.begin(115200);
  while (spikelet_init() != 0) delay(1000);
}

void loop() {
  if (Serial.readBytes(image, sizeof image) != sizeof image) return;
  spikelet_pixels(image);
  const int32_t *logits = spikelet_infer();
  int best = 0;
  for (int i = 1; i < SPIKELET_CLASSES; i++)
    if (logits[i] > logits[best]) best = i;
  Serial.println(best);
}
`;
