import type { Simulator } from 'rp2040js';

/** An emulated Pico as a pure object: load memory, exchange UART bytes, run instructions. */
export type Pico = {
  load(bytes: Uint8Array, address: number): void;
  /** Puts bytes into the UART's FIFO; returns how many it took. */
  give(bytes: Uint8Array): number;
  /** Runs at most this many instructions; `waiting`: it sleeps until a byte arrives. */
  run(instructions: number): 'running' | 'waiting';
  /** The bytes it sent since the last call. */
  takeOutput(): Uint8Array;
};

const FLASH = 0x10000000;
const SRAM = 0x20000000;
/** Bytes to put into the UART's 32-byte FIFO when it is empty. */
const FIFO_BYTES = 24;
const UART_FLAGS = 0x18;
const RECEIVED_NONE = 0x10;

/** `create` makes a chip as after power-on; a watchdog reset makes a new one with the same flash and RAM. */
export function createPico(create: () => Simulator, vectors: number): Pico {
  let output: number[] = [];
  let resets = false;
  let { rp2040: chip, clock } = powerOn(create());
  let booted = false;

  function powerOn(simulator: Simulator): Simulator {
    const { rp2040: next } = simulator;
    const silent = () => undefined;
    const error = (part: string, message: string) => {
      throw new Error(`${part}: ${message}`);
    };
    next.logger = { debug: silent, info: silent, warn: silent, error };
    next.uart[0]!.onByte = (byte) => output.push(byte);
    // Called in the middle of an instruction, which must finish first.
    (next.peripherals[0x40058]! as unknown as { onWatchdogTrigger: () => void }).onWatchdogTrigger = () => {
      resets = true;
    };
    return simulator;
  }

  /**
   * Does what the boot ROM and the second stage do: sets the vector table in flash, the stack pointer and the
   * first instruction.
   */
  function boot(): void {
    const { core } = chip;
    core.VTOR = vectors;
    core.SP = chip.readUint32(vectors);
    core.PC = chip.readUint32(vectors + 4) & ~1;
    booted = true;
  }

  function reset(): void {
    const { flash, sram } = chip;
    ({ rp2040: chip, clock } = powerOn(create()));
    chip.flash.set(flash);
    chip.sram.set(sram);
    resets = false;
    boot();
  }

  return {
    load(bytes, address) {
      if (address >= SRAM) chip.sram.set(bytes, address - SRAM);
      else chip.flash.set(bytes, address - FLASH);
    },
    give(bytes) {
      const uart = chip.uart[0]!;
      if (!(uart.readUint32(UART_FLAGS) & RECEIVED_NONE)) return 0;
      const taken = bytes.subarray(0, FIFO_BYTES);
      for (const byte of taken) uart.feedByte(byte);
      return taken.length;
    },
    run(instructions) {
      if (!booted) boot();
      const { core } = chip;
      const nanos = 1e9 / chip.clkSys;
      for (let i = 0; i < instructions; i++) {
        if (core.waiting) return 'waiting';
        clock.tick(core.executeInstruction() * nanos);
        if (resets) {
          reset();
          return 'running';
        }
      }
      return 'running';
    },
    takeOutput() {
      const bytes = Uint8Array.from(output);
      output = [];
      return bytes;
    },
  };
}
