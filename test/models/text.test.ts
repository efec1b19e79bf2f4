import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { yosys } from '../../host/eda/packages.js';
import { synthesise } from '../../host/eda/synthesise.js';
import { scatterSvg } from '../../host/report/scatter.js';
import { compileAssemblyScript } from '../../host/wasm/assemblyscript.js';
import { scriptComment, scriptIdentifier } from '../../models/text/assemblyscript.js';
import { cCharacters, cComment, cIdentifiers, cString } from '../../models/text/c.js';
import { markdownCode, markupText } from '../../models/text/markup.js';
import { uniqueNames } from '../../models/text/unique.js';
import { verilogComment, verilogIdentifier, verilogString } from '../../models/text/verilog.js';
import { names } from '../support/names.js';
import { cxxrtl, gcc, gxx, iverilog, verilator } from '../support/needs.js';
import { testWith } from '../support/skip.js';

/**
 * Every function of models/text: what it gives is compiled, parsed or rendered by those who read that
 * language.
 */
const folder = mkdtempSync(join(tmpdir(), 'spikelet-text-'));
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

/** C that compiles only where every comment and every literal ends where it should. */
function program(printf: boolean): string {
  const lines = names.flatMap((name, i) => [
    `/* ${cComment(name)} */ static const int after_block_${i} = ${i};`,
    `/*\n * ${cComment(name)}\n * ${cComment(name)}: it\n */`,
    `// ${cComment(name)}`,
    `static const int after_line_${i} = ${i};`,
    `static const char text_${i}[] = "[" ${cString(name)} "]";`,
    `typedef char fits_${i}[sizeof text_${i} == ${new TextEncoder().encode(name).length + 3} ? 1 : -1];`,
    `static const char letters_${i}[] = {${cCharacters(name) || "'?'"}, 0};`,
  ]);
  const fields = cIdentifiers(names);
  return `${lines.join('\n')}
struct all { ${fields.map((field) => `int ${field};`).join(' ')} };
${printf ? '#include <stdio.h>' : ''}
int main(void) {
  struct all all; int sum = 0;
  ${fields.map((field) => `all.${field} = 0; sum += all.${field};`).join('\n  ')}
  ${names.map((_, i) => `sum += after_block_${i} - after_line_${i} + (letters_${i}[0] == 0); (void)sizeof(fits_${i});`).join('\n  ')}
  ${names.map((_, i) => (printf ? `fwrite(text_${i}, 1, sizeof text_${i}, stdout);` : `(void)text_${i};`)).join('\n  ')}
  return sum;
}
`;
}

const strict = ['-Wall', '-Wextra', '-Wtrigraphs', '-Wcomment', '-Werror', '-Wno-unused-local-typedefs'];
/**
 * The standards of C; in those before C99 and C++ there are no // comments, and in C99 to C17 trigraphs mean
 * something.
 */
const standards = ['c99', 'c11', 'gnu11', 'gnu2x'];

(await testWith([gcc]))('C: comments, strings and identifiers of any name, in every standard', () => {
  const source = write('names.c', program(true));
  const expected = Buffer.concat(names.map((name) => Buffer.from(`[${name}]\0`)));
  for (const standard of standards) {
    const out = join(folder, standard);
    execFileSync('gcc', [`-std=${standard}`, ...strict, source, '-o', out], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const { status, stdout } = spawnSync(out);
    assert.is(status, 0, standard);
    assert.ok(stdout.equals(expected), standard);
  }
});

(await testWith([gxx]))('C: the same as C++', () => {
  const source = write('names.cc', program(false));
  for (const standard of ['c++98', 'c++11', 'c++20'])
    execFileSync('g++', [`-std=${standard}`, ...strict, '-fsyntax-only', source], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
});

test('identifiers are one for each name, even of ten thousand that look the same', () => {
  for (const all of [names, Array.from({ length: 10_000 }, (_, i) => `a${'.'.repeat(i % 3)}`)]) {
    const given = cIdentifiers(all);
    assert.is(new Set(given).size, all.length);
    for (const name of given) assert.match(name, /^[a-z][a-z0-9_]*$/);
  }
  const folded = uniqueNames(verilogIdentifier, [], (name) => name.toLowerCase());
  assert.equal(['Conv', 'conv', 'CONV', 'conv_2'].map(folded), ['Conv', 'conv_2', 'CONV_3', 'conv_2_2']);
});

/** A module whose wires stand behind comments: one that runs on, or orders a tool about, loses them. */
const verilog = `module names (input wire i_a, output wire o_b);
${names
  .map(
    (name, i) => `  // ${verilogComment(name)}
  wire w${i} = ${i ? `w${i - 1}` : 'i_a'};  // '${verilogComment(name)}' and more
  /* ${verilogComment(name)} */
  localparam ${verilogIdentifier(name)}_${i} = ${verilogString(name)};
  wire u${i} = &{1'b0, ${verilogIdentifier(name)}_${i}};`,
  )
  .join('\n')}
  assign o_b = w${names.length - 1};
endmodule
`;

(await testWith([iverilog]))('Verilog: comments, strings and identifiers for Icarus', () => {
  execFileSync('iverilog', ['-g2005', '-Wall', '-o', join(folder, 'names.vvp'), write('names.v', verilog)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
});

(await testWith([verilator]))('Verilog: the same for Verilator, which takes orders from comments', () => {
  const lint = ['--lint-only', '-Wno-WIDTH', '-Wno-UNUSED', '-Wno-DECLFILENAME'];
  const { status, stderr } = spawnSync('verilator', [...lint, write('names.v', verilog)], {
    encoding: 'utf8',
  });
  assert.is(status, 0, stderr.slice(0, 2000));
});

(await testWith(cxxrtl))(
  'Verilog: the same for yosys, which keeps the way from the input to the output',
  async () => {
    const { verilog: netlist } = await synthesise(
      [{ path: 'names.v', contents: verilog }],
      'names',
      'ice40-hx',
    );
    assert.match(new TextDecoder().decode(netlist), /assign o_b = i_a;/);
    assert.ok(yosys);
  },
);

test('AssemblyScript: comments and identifiers of any name', async () => {
  const source = names.map(
    (name, i) => `// ${scriptComment(name)}
/**
 * ${scriptComment(name)}:
 */
function ${scriptIdentifier(name)}_${i}(): i32 { return ${i}; } /* ${scriptComment(name)} */`,
  );
  const sum = names.map((name, i) => `${scriptIdentifier(name)}_${i}()`).join(' + ');
  const code = await compileAssemblyScript(
    'model.ts',
    ['--optimizeLevel', '3'],
    `${source.join('\n')}\nexport function infer(): i32 { return ${sum}; }\n`,
  );
  const { instance } = await WebAssembly.instantiate(new Uint8Array(code));
  assert.is((instance.exports['infer'] as () => number)(), (names.length * (names.length - 1)) / 2);
});

test('SVG: titles, tips and labels of any name are parsed by a strict reader', async () => {
  const { default: sharp } = await import('sharp');
  const all = names.join(' ');
  const attributes = names.map((name) => `<g a="${markupText(name)}" b='${markupText(name)}'/>`).join('');
  const axis = { title: all, format: () => all };
  const svg = scatterSvg({
    title: all,
    subtitle: all,
    x: axis,
    y: axis,
    marks: [
      { x: 1, y: 1, hue: 0, shape: 'circle', tip: all, label: 'a<b' },
      { x: 2, y: 3, hue: 1, shape: 'square', tip: all },
    ],
    legend: [{ text: all }],
    front: [],
    limit: { x: 3, name: all },
  });
  assert.not.match(svg, /<script|<x onload|]]>/);
  const { format } = await sharp(Buffer.from(svg.replace('</svg>', () => `${attributes}</svg>`))).metadata();
  assert.is(format, 'svg');
});

test('Markdown: a name stays a span of code on its line', () => {
  for (const name of names) {
    const code = markdownCode(name);
    const [fence] = /^`+/.exec(code)!;
    assert.ok(code.endsWith(fence) && !/[\r\n\u2028]/.test(code), code);
    // The first run of as many backticks ends a span.
    const inside = code.slice(fence.length, -fence.length);
    for (const [run] of inside.matchAll(/`+/g)) assert.is.not(run.length, fence.length, code);
    assert.not.ok(/^`|`$/.test(inside), code);
  }
});

test.after(() => rmSync(folder, { recursive: true, force: true }));
test.run();
