import { exitCode, SpikeletError } from '../../models/index.js';
import type { Port } from './port.js';

/** Commands of fpga/rtl/host_link.v, where the frames of bytes are described. */
const command = { ping: 1, frame: 2, counters: 3, weights: 4, reset: 5, layers: 6, status: 7 } as const;
type Command = keyof typeof command;

const REFUSED = 0x15;
const UNLOADED = 0x16;
const TRIES = 3;
/** Bytes of weights per request. */
const CHUNK = 1024;
/** A board forgets an unfinished request after 2^18 clocks: 22 ms at 12 MHz. */
const FORGETS_MS = 60;

/**
 * Cycles from the frame's first value to its last logit; the neurons' spikes; cycles that a value waited for
 * the core.
 */
export type Counters = { cycles: number; spikes: number; stalls: number };

/** Cycles of the frame until a tensor's last value was written, and all neurons' spikes until then. */
export type LayerCounters = { cycles: number; spikes: number };

/** The core's status. `misframed`: frame synchronisation is lost until a reset. */
export type FpgaStatus = { loaded: boolean; busy: boolean; misframed: boolean };

/** A frame was refused because the weights are not loaded, or only partly. */
export class WeightsNotLoaded extends SpikeletError {
  constructor(port: string) {
    super(`${port}: the weights are not loaded`, {
      hint: 'verify and profile load them over the link',
      code: exitCode.device,
    });
  }
}

/** What each layer added to the counters, which accumulate over the frame. */
export const perLayer = (running: LayerCounters[]): LayerCounters[] =>
  running.map(({ cycles, spikes }, i) => ({
    cycles: cycles - (running[i - 1]?.cycles ?? 0),
    spikes: spikes - (running[i - 1]?.spikes ?? 0),
  }));

/** A core on an FPGA at the other end of a serial port. Damaged requests and replies are sent again. */
export type FpgaLink = {
  /** The configuration's hash. */
  ping(): Promise<number>;
  /** Writes all bytes of the weights (weights.bin). */
  load(bytes: Uint8Array): Promise<void>;
  status(): Promise<FpgaStatus>;
  /**
   * Sends one frame of values and waits for its logits. Throws WeightsNotLoaded if the board has no weights.
   */
  infer(values: Int8Array): Promise<Int32Array>;
  /** Counters of the last frame. */
  counters(): Promise<Counters>;
  /** Counters of each tensor of the last frame, the input first. */
  layers(): Promise<LayerCounters[]>;
  reset(): Promise<void>;
};

/** CRC-16 of the link: CCITT, polynomial 0x1021, initial value 0xffff. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return crc;
}

export function requestOf(code: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(payload.length + 5);
  bytes.set([code, payload.length & 255, payload.length >> 8]);
  bytes.set(payload, 3);
  const crc = crc16(bytes.subarray(0, -2));
  bytes.set([crc & 255, crc >> 8], bytes.length - 2);
  return bytes;
}

/** Number of logits; number of tensors that the core counts; timeouts of a reply and of a frame's logits. */
export type FpgaLinkOptions = { logits: number; tensors?: number; ms?: number; frameMs?: number };

/** Requests over a port. */
type Requests = {
  /** One request and its reply's words; undefined where either was damaged. */
  attempt(name: Command, payload: Uint8Array): Promise<DataView | undefined>;
  /** The same, until a reply is whole. Throws after TRIES. */
  ask(name: Command, payload?: Uint8Array): Promise<DataView>;
  refused(name: Command): SpikeletError;
};

function requestsOver(
  port: Port,
  { logits, tensors = 0, ms = 2000, frameMs = ms }: FpgaLinkOptions,
): Requests {
  const words: Record<Command, number> = {
    ping: 1,
    frame: logits,
    counters: 3,
    weights: 0,
    reset: 0,
    layers: 2 * tensors,
    status: 1,
  };

  async function attempt(name: Command, payload: Uint8Array): Promise<DataView | undefined> {
    await port.write(requestOf(command[name], payload));
    const head = await port.read(3, name === 'frame' ? frameMs : ms);
    const count = head[1]! | (head[2]! << 8);
    if (head[0] === REFUSED && count === 0) {
      await port.read(2, ms);
      return undefined;
    }
    if (name === 'frame' && head[0] === UNLOADED && count === 0) {
      const sum = await port.read(2, ms);
      const crc = crc16(head);
      if (sum[0] === (crc & 255) && sum[1] === crc >> 8) throw new WeightsNotLoaded(port.path);
      return undefined;
    }
    if (head[0] !== (command[name] | 0x80) || count !== words[name]) return undefined;
    const rest = await port.read(4 * count + 2, ms);
    const body = rest.subarray(0, 4 * count);
    const crc = crc16(Uint8Array.of(...head, ...body));
    if (rest.at(-2) !== (crc & 255) || rest.at(-1) !== crc >> 8) return undefined;
    return new DataView(Uint8Array.from(body).buffer);
  }

  async function ask(name: Command, payload: Uint8Array = new Uint8Array()): Promise<DataView> {
    for (let tries = 0; tries < TRIES; tries++) {
      const reply = await attempt(name, payload);
      if (reply) return reply;
      // The board drops the partial request, then both sides start over.
      await port.drain(FORGETS_MS);
    }
    throw refused(name);
  }

  const refused = (name: Command): SpikeletError =>
    new SpikeletError(`${port.path}: '${name}' was refused ${TRIES} times`, {
      hint: 'check the cable and the baud rate; is this bitstream on the board?',
      code: exitCode.device,
    });

  return { attempt, ask, refused };
}

/** Sends weights in parts; false where one of them was damaged. */
async function loadOnce(port: Port, { attempt }: Requests, bytes: Uint8Array): Promise<boolean> {
  for (let at = 0; at < bytes.length; at += CHUNK) {
    const part = bytes.subarray(at, at + CHUNK);
    const payload = new Uint8Array(part.length + 4);
    new DataView(payload.buffer).setUint32(0, at, true);
    payload.set(part, 4);
    if (!(await attempt('weights', payload))) {
      await port.drain(FORGETS_MS);
      return false;
    }
  }
  return true;
}

/** Opens the link over a port. */
export function fpgaLink(port: Port, options: FpgaLinkOptions): FpgaLink {
  const { logits, tensors = 0 } = options;
  const requests = requestsOver(port, options);
  const { ask, refused } = requests;
  return {
    ping: async () => (await ask('ping')).getUint32(0, true),
    async load(bytes) {
      // The core counts the bytes itself from address 0 on: after a damaged part all of them go again.
      for (let tries = 0; tries < TRIES; tries++) if (await loadOnce(port, requests, bytes)) return;
      throw refused('weights');
    },
    async status() {
      const word = (await ask('status')).getUint32(0, true);
      return { loaded: (word & 1) !== 0, busy: (word & 2) !== 0, misframed: (word & 4) !== 0 };
    },
    async infer(values) {
      const reply = await ask('frame', new Uint8Array(values.buffer, values.byteOffset, values.length));
      return Int32Array.from({ length: logits }, (_, i) => reply.getInt32(4 * i, true));
    },
    async counters() {
      const reply = await ask('counters');
      const word = (i: number) => reply.getUint32(4 * i, true);
      return { cycles: word(0), spikes: word(1), stalls: word(2) };
    },
    async layers() {
      const reply = await ask('layers');
      const word = (i: number) => reply.getUint32(4 * i, true);
      return Array.from({ length: tensors }, (_, i) => ({ cycles: word(2 * i), spikes: word(2 * i + 1) }));
    },
    async reset() {
      await ask('reset');
    },
  };
}
