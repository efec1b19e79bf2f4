import { ascii } from '../models/ascii.js';
import { SpikeletError } from '../models/error.js';
import { type Graph, outputOf } from '../models/graph.js';
import { pixelTable } from '../models/interpret.js';
import type { OutputFile } from '../models/output.js';
import { product } from '../models/tensor.js';
import { boardTop, linkBytes } from './board-top.js';
import { type Board, commandOf } from './boards/index.js';
import type { Architecture, Datapath } from './emit/index.js';
import { simulatedOf, synthesised } from './multiplier.js';
import { synthesisOf } from './parts.js';
import { emitTestbench, testbench, testbenchPassed } from './testbench.js';

/** What the guide needs to know about a design. `files`: the other files of its folder. */
export type GuideOptions = {
  architecture: Architecture;
  lanes: number;
  datapath: Datapath;
  hash: string;
  /** Expected clocks of a frame; undefined if the graph was not calibrated. */
  cycles?: number | undefined;
  /** Bytes of weights to load before the first frame; 0 if they are part of the bitstream. */
  loads: number;
  files: OutputFile[];
};

/** README.md, interface.json, Makefile and a testbench, for users who have the folder but not spikelet. */
export function emitGuide(graph: Graph, board: Board, options: GuideOptions): OutputFile[] {
  const verilog = options.files.map(({ path }) => path).filter((path) => path.endsWith('.v'));
  for (const { path } of options.files) requirePlain(path);
  return [
    { path: 'README.md', contents: readme(graph, board, options, verilog) },
    { path: 'interface.json', contents: `${JSON.stringify(interfaceOf(graph, board, options), null, 2)}\n` },
    { path: 'Makefile', contents: makefile(board, verilog, options.files) },
    ...emitTestbench(graph, options),
  ];
}

/** Throws unless a file name can be used unquoted in commands. */
function requirePlain(path: string): void {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_./-]*$/.test(path))
    throw new SpikeletError(`'${ascii(path)}' cannot stand in a Makefile`, {
      hint: 'rename the model: letters, digits and _',
    });
}

/** What a program needs to know to drive the core or the link. */
export function interfaceOf(graph: Graph, board: Board, options: GuideOptions) {
  const { architecture, lanes, datapath, hash, cycles, loads } = options;
  const input = graph.tensors['input']!;
  const logits = graph.tensors[outputOf(graph)]!;
  const table = pixelTable(graph);
  return {
    model: graph.name,
    board: board.name,
    configuration: hash,
    architecture,
    lanes,
    datapath,
    clockHz: board.clockHz,
    cycles: cycles === undefined ? null : { expected: cycles, kind: 'estimated' },
    input: {
      shape: input.shape,
      order: 'row, column, channel',
      type: 'i8',
      scale: input.scale,
      // The value of each raw pixel 0..255, by channel.
      pixelTable: Array.from({ length: table.length / 256 }, (_, channel) => [
        ...table.subarray(256 * channel, 256 * (channel + 1)),
      ]),
    },
    output: { count: product(logits.shape), type: 'i32', scale: logits.scale, classes: graph.classes },
    weights: { file: loads ? 'weights.bin' : null, bytesToLoad: loads },
    ports: {
      i_clk: 1,
      i_rst: 1,
      i_valid: 1,
      o_ready: 1,
      i_data: 8,
      i_last: 1,
      o_valid: 1,
      i_ready: 1,
      o_data: 32,
      o_last: 1,
      i_weight_valid: 1,
      i_weight_address: 32,
      i_weight_data: 8,
      o_busy: 1,
      o_loaded: 1,
      o_misframed: 1,
    },
    link: {
      baud: board.baud,
      format: '8N1',
      request:
        'command, bytes of payload (u16, low byte first), payload, CRC-16 of all before it (low byte first)',
      reply:
        '0x80 + command, or 0x15 (damaged or wrong) or 0x16 (weights not loaded); words (u16), words of 4 bytes, CRC-16',
      crc16: { polynomial: '0x1021', first: '0xffff', reflected: false },
      commands: { ping: 1, frame: 2, counters: 3, weights: 4, reset: 5, layers: 6, status: 7 },
      bytesOfAFrame: linkBytes(product(input.shape), product(logits.shape)),
    },
  };
}

function readme(graph: Graph, board: Board, options: GuideOptions, verilog: string[]): string {
  const { architecture, lanes, datapath, hash, loads, files } = options;
  const memories = files.map(({ path }) => path).filter((path) => path.endsWith('.hex'));
  const name = ascii(graph.name).replaceAll('`', "'");
  return `# \`${name}\` on ${board.title}

${architecture}, ${lanes} lanes, ${datapath}; configuration ${hash}. Written by spikelet.

| file | what it is |
|---|---|
| \`${boardTop}.v\` | the whole design: clock, serial link, core |
| \`spikelet_core.v\`${verilog.includes('spikelet_program.v') ? ', `spikelet_program.v`' : ''} | the core; the top for a design of your own |
| \`rtl/\` | the modules that they are made of |
${verilog.length > synthesised(verilog.map((path) => ({ path }))).length ? "| `part/multiply.v` | products in the part's own multipliers: in place of `rtl/multiply.v`, for synthesis |\n" : ''}| ${memories.map((path) => `\`${path}\``).join(', ')} | contents of memories, read by \`$readmemh\` |
${files.some(({ path }) => path === 'weights.bin') ? '| `weights.bin` | the weights as bytes, for the link |\n' : ''}| \`interface.json\` | pixel table, scales, classes, ports, the link's protocol |
| \`Makefile\` | synthesis by plain yosys${board.nextpnr ? ' and nextpnr' : ''}, simulation by Icarus Verilog |
| \`${testbench.verilog}\`, \`${testbench.frame}\`, \`${testbench.logits}\` | a testbench, a frame of noise, the logits that spikelet's interpreter computes of it |

## Synthesise

    make${board.programmer ? `            # ${board.name}.bin\n    make flash      # ${commandOf(board.programmer, `${board.name}.bin`)}` : '            # netlist.json, for place-and-route'}

## Simulate

    make sim        # by Icarus Verilog; fails where a logit differs

\`$readmemh\` looks for its files in the **working folder of the simulator**, not beside the Verilog: run it in this folder. From any other folder, say where the files are:${
    memories.includes('weights.hex')
      ? ` \`spikelet_core\` has the parameters \`WEIGHT_FILE\` and \`CONSTANT_FILE\`, which take paths
from the working folder or from the root:

    iverilog -Pspikelet_core.WEIGHT_FILE='"/path/to/weights.hex"' -Pspikelet_core.CONSTANT_FILE='"/path/to/constants.hex"' ...`
      : ` \`spikelet_core\` has the parameter \`FOLDER\`, which stands before every name, with its last slash:

    iverilog -Pspikelet_core.FOLDER='"/path/to/this/folder/"' ...`
  }

A simulator that says "Unable to open ... for reading" goes on with empty memories, and every logit is wrong.

## Drive the core

A value or a logit passes in a clock in which valid and ready are high. \`i_last\` comes with the frame's last value, \`o_last\` with the
last logit; \`o_misframed\` says that \`i_last\` came elsewhere, until a reset. \`o_busy\` is high while a frame is in work.
${
  loads
    ? `**The weights must be loaded first**: ${loads} bytes of \`weights.bin\` by \`i_weight_valid\`, \`i_weight_address\` from 0 upwards and
\`i_weight_data\`, or command 04 of the link. Until \`o_loaded\` is high the core takes no frame, and the link answers 0x16.`
    : 'The weights stand in the bitstream: `o_loaded` is high at once. If you load others, it is low until they are whole.'
}
`;
}

/** The Verilog files to simulate: the core alone, without the board's clock, link and multipliers. */
const coreOf = (verilog: string[]): string[] =>
  simulatedOf(verilog.map((path) => ({ path })))
    .map(({ path }) => path)
    .filter((path) => /^(rtl\/|spikelet_)/.test(path));

function makefile(board: Board, verilog: string[], files: OutputFile[]): string {
  const memories = files.map(({ path }) => path).filter((path) => path.endsWith('.hex'));
  const synthesis = `${synthesisOf[board.family]} -top ${boardTop}`;
  const { nextpnr, programmer, name, clockHz } = board;
  const place = nextpnr
    ? `
# A clock that is missed is an error. Another seed finds another placement: make SEED=2.
${name}.asc: netlist.json ${name}.pcf
	nextpnr-ice40 --${nextpnr.device} --package ${nextpnr.package} --json $< --pcf ${name}.pcf --pcf-allow-unconstrained \\
	  --freq ${clockHz / 1e6} --seed $(SEED) --asc $@

${name}.bin: ${name}.asc
	icepack $< $@
${programmer ? `\nflash: ${name}.bin\n\t${commandOf(programmer, '$<')}\n` : ''}`
    : '';
  return `# Plain yosys${nextpnr ? ', nextpnr-ice40 and icepack' : ''}. Run make in this folder: $readmemh finds its files from there.
VERILOG = ${synthesised(verilog.map((path) => ({ path })))
    .map(({ path }) => path)
    .join(' \\\n  ')}
MEMORIES = ${memories.join(' \\\n  ')}
SIMULATED = ${coreOf(verilog).join(' \\\n  ')}
SEED ?= 1

all: ${nextpnr ? `${name}.bin` : 'netlist.json'}

netlist.json: $(VERILOG) $(MEMORIES)
	yosys -q -p 'read_verilog $(VERILOG); ${synthesis}; tee -o area.txt stat; write_json $@'
${place}
# The core by Icarus Verilog: its logits of one frame against the interpreter's.
sim: sim/core.vvp
	vvp -n $< > sim/log.txt; cat sim/log.txt; grep -q '^${testbenchPassed}' sim/log.txt

sim/core.vvp: ${testbench.verilog} $(SIMULATED)
	iverilog -g2005 -s testbench -o $@ $^

clean:
	rm -f netlist.json area.txt sim/core.vvp sim/log.txt${nextpnr ? ` ${name}.asc ${name}.bin` : ''}

.PHONY: all clean sim${programmer ? ' flash' : ''}
.DELETE_ON_ERROR:
`;
}
