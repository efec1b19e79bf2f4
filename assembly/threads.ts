/**
 * How threads share the steps of a model (wasm/emit.ts). The leader opens each step, all threads take rows of
 * it until none are left, and the leader waits for all of them before it continues. They share these words in
 * RAM, whose offsets host/wasm/threads.mts also uses; each word that is written often has its own cache line.
 */

/** Number of steps opened. */
const OPENED: usize = 0;
/** Nonzero: the other threads end. */
const STOPPED: usize = 4;
/** Number of threads, without the leader, that have finished the step. */
const ARRIVED: usize = 64;
/** The first row of the step that has not been taken. */
const NEXT: usize = 128;

/**
 * How often a word is read before a thread sleeps: some tens of microseconds, about the cost of waking it.
 */
const READS = 50_000;

/** How long the leader sleeps, in nanoseconds, before it checks again whether a thread has stalled. */
const LOOK: i64 = 100_000_000;
/** Sleep for ever. */
const ALWAYS: i64 = -1;

/** Provided by the host: whether a thread has ended or does not answer. */
@external('env', 'stalled')
declare function stalled(): bool;

/**
 * Waits while the word at `address` is `seen`, sleeping at most `longest` nanoseconds; returns the word. A
 * browser's main thread must not sleep, so it returns after some reads.
 */
function change(address: usize, seen: i32, sleeps: bool, longest: i64): i32 {
  for (let reads = READS; reads > 0; reads--) {
    const value = atomic.load<i32>(address);
    if (value != seen) return value;
  }
  if (sleeps) atomic.wait<i32>(address, seen, longest);
  return atomic.load<i32>(address);
}

/** Leader: opens the next step, for which all others wait. Returns false if one has stopped. */
export function open(control: usize): bool {
  if (atomic.load<i32>(control + STOPPED)) return false;
  atomic.store<i32>(control + NEXT, 0);
  atomic.store<i32>(control + ARRIVED, 0);
  atomic.add<i32>(control + OPENED, 1);
  atomic.notify(control + OPENED, -1);
  return true;
}

/** Other threads: wait for a step after number `seen`; return its number, or -1 if the model ends. */
export function enter(control: usize, seen: i32): i32 {
  let step = seen;
  while (step == seen) step = change(control + OPENED, seen, true, ALWAYS);
  return atomic.load<i32>(control + STOPPED) ? -1 : step;
}

/** Other threads: report that the step is done. */
export function arrive(control: usize, threads: i32): void {
  if (atomic.add<i32>(control + ARRIVED, 1) == threads - 2) atomic.notify(control + ARRIVED, 1);
}

/** Leader: waits for the others. Returns false if one has stopped or stalled. */
export function gather(control: usize, threads: i32, sleeps: bool): bool {
  let arrived = atomic.load<i32>(control + ARRIVED);
  while (arrived < threads - 1) {
    const now = change(control + ARRIVED, arrived, sleeps, LOOK);
    if (now == arrived && stalled()) return false;
    arrived = now;
  }
  return !atomic.load<i32>(control + STOPPED);
}

/** Takes the next `rows` rows of the step; returns the first. */
@inline
export function take(control: usize, rows: i32): i32 {
  return atomic.add<i32>(control + NEXT, rows);
}
