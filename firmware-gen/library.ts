import type { OutputFile } from '../models/index.js';
import { markdownCode } from '../models/text/markup.js';
import { DEFAULT_PREFIX, headerOf, macroPrefix } from './prefix.js';

/** The folder of a library's sources, inside the folder named after its prefix. */
const SOURCES = 'src';

/** Path of a model's file in a project. */
export const inLibrary = (path: string, prefix = DEFAULT_PREFIX): string => `${prefix}/${SOURCES}/${path}`;

/** A library's prefix and version, and the model's name. */
export type About = { prefix: string; version: string; name: string };

/**
 * The model as one folder that is a library for Arduino and PlatformIO and a component for ESP-IDF. `model`:
 * its header and C, which do not depend on a board.
 */
export function modelLibrary(model: OutputFile[], about: About): OutputFile[] {
  const compiled = model.map(({ path }) => path).filter((path) => /\.[cS]$/.test(path));
  const { prefix, version } = about;
  const files: OutputFile[] = [
    { path: 'library.properties', contents: arduinoLibrary(about) },
    { path: 'library.json', contents: platformioLibrary(about) },
    { path: 'CMakeLists.txt', contents: espIdfComponent(compiled) },
    { path: 'idf_component.yml', contents: espIdfManifest(version) },
    { path: 'keywords.txt', contents: keywords(prefix) },
    { path: 'README.md', contents: readme(about) },
    { path: 'examples/Classify/Classify.ino', contents: sketch(prefix) },
    ...model.map(({ path, contents }) => ({ path: `${SOURCES}/${path}`, contents })),
  ];
  return files.map(({ path, contents }) => ({ path: `${prefix}/${path}`, contents }));
}

const sentence = 'A spiking neural network with the integers of its training, in plain C';

/** The library's display name, different for each prefix. */
const title = (prefix: string): string => (prefix === DEFAULT_PREFIX ? 'Spikelet' : `Spikelet ${prefix}`);

/** Arduino cores with 32-bit addresses, by package name. */
const architectures = [
  ...[
    'apollo3',
    'esp32',
    'esp8266',
    'mbed',
    'mbed_edge',
    'mbed_giga',
    'mbed_nano',
    'mbed_nicla',
    'mbed_opta',
  ],
  ...[
    'mbed_portenta',
    'mbed_rp2040',
    'nRF5',
    'nrf52',
    'renesas_portenta',
    'renesas_uno',
    'rp2040',
    'sam',
    'samd',
  ],
  ...['silabs', 'stm32', 'STM32F1', 'STM32F4', 'zephyr'],
];

/** PlatformIO platforms with 32-bit addresses. */
const platforms = [
  ...[
    'atmelsam',
    'espressif32',
    'espressif8266',
    'freescalekinetis',
    'nordicnrf51',
    'nordicnrf52',
    'nxpimxrt',
  ],
  ...['nxplpc', 'raspberrypi', 'renesas-ra', 'siliconlabsefm32', 'ststm32', 'teensy'],
];

const arduinoLibrary = ({ prefix, version }: About): string => `name=${title(prefix)}
version=${version}
author=spikelet
maintainer=spikelet
sentence=${sentence}.
paragraph=One call classifies an image. No heap, no floating point, no other library.
category=Data Processing
url=https://www.npmjs.com/package/spikelet
architectures=${architectures.join(',')}
includes=${headerOf(prefix)}
`;

const platformioLibrary = ({ prefix, version }: About): string =>
  `${JSON.stringify(
    {
      name: title(prefix),
      version,
      description: sentence,
      frameworks: '*',
      platforms,
      headers: headerOf(prefix),
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

/** Syntax colouring for Arduino's editor: name, tab, kind. */
const keywords = (prefix: string): string => `${[
  ...['init', 'input', 'pixels', 'infer'].map((name) => `${prefix}_${name}\tKEYWORD2`),
  ...['MODEL', 'INPUT_BYTES', 'CLASSES'].map((name) => `${macroPrefix(prefix)}_${name}\tLITERAL1`),
  `${prefix}_classes\tLITERAL1`,
].join('\n')}
`;

const readme = ({ prefix: p, name }: About): string => `# A spiking network in C

The model ${markdownCode(name)}:

    if (${p}_init() != 0) stop();
    ${p}_pixels(image);
    const int32_t *logits = ${p}_infer();

image: ${macroPrefix(p)}_INPUT_BYTES raw pixels 0..255, [row][column][channel]; logits: ${macroPrefix(p)}_CLASSES of them, or 0
if there is no new image.

src/${p}.h is the whole API, for C and C++. It needs 32-bit addresses and a little-endian core, no heap, no floating
point and no other library. It computes one image at a time; write new pixels for each.

Two models in one program need different names: 'spikelet build --target firmware --prefix NAME' uses NAME instead of
${p} in the names of all functions, macros and files of a library.

- Arduino: copy this folder into the libraries folder of your sketchbook; File > Examples > ${title(p)} > Classify.
- PlatformIO: copy it into lib/ of your project.
- ESP-IDF: copy it into components/ of your project, and list it in PRIV_REQUIRES of the component that uses it.
`;

const sketch = (
  p: string,
): string => `// Classifies images received over the serial port: ${macroPrefix(p)}_INPUT_BYTES raw pixels each, [row][column][channel].
#include <${p}.h>

static uint8_t image[${macroPrefix(p)}_INPUT_BYTES];

void setup() {
  Serial.begin(115200);
  while (${p}_init() != 0) delay(1000);
}

void loop() {
  if (Serial.readBytes(image, sizeof image) != sizeof image) return;
  ${p}_pixels(image);
  const int32_t *logits = ${p}_infer();
  if (!logits) return;
  int best = 0;
  for (int i = 1; i < ${macroPrefix(p)}_CLASSES; i++)
    if (logits[i] > logits[best]) best = i;
  Serial.println(best);
}
`;
