/**
 * How threads share the steps of a model (wasm/emit.ts). One of them leads: it opens each step, all take rows of it
 * until none are left, and it waits for them all before it goes on. They share these words in RAM, whose offsets
 * host/wasm/threads.mts knows too; each that is written often has a cache line of its own.
 */

/** How many steps were opened. */
const OPENED: usize = 0;
/** Not zero: the others end. */
const STOPPED: usize = 4;
/** Threads beside the leader that have done the step. */
const ARRIVED: usize = 64;
/** The first row of the step that nobody has taken. */
const NEXT: usize = 128;

/** How often a word is read before a thread falls asleep: some tens of microseconds, about what waking it costs. */
const READS = 50_000;

/** How long the leader sleeps before it asks again whether it waits in vain, in nanoseconds. */
const LOOK: i64 = 100_000_000;
/** For ever. */
const ALWAYS: i64 = -1;

/** The host's: whether a thread has ended or does not answer. */
@external('env', 'stalled')
declare function stalled(): bool;

/**
 * Waits while the word at `address` is `seen`, but sleeps no longer than so many nanoseconds; returns it. A browser's main
 * thread may not sleep: it returns after some reads.
 */
function change(address: usize, seen: i32, sleeps: bool, longest: i64): i32 {
  for (let reads = READS; reads > 0; reads--) {
    const value = atomic.load<i32>(address);
    if (value != seen) return value;
  }
  if (sleeps) atomic.wait<i32>(address, seen, longest);
  return atomic.load<i32>(address);
}

/** The leader: lets the others into the next step, for which they all wait. Returns false where one has stopped. */
export function open(control: usize): bool {
  if (atomic.load<i32>(control + STOPPED)) return false;
  atomic.store<i32>(control + NEXT, 0);
  atomic.store<i32>(control + ARRIVED, 0);
  atomic.add<i32>(control + OPENED, 1);
  atomic.notify(control + OPENED, -1);
  return true;
}

/** Another thread: waits for a step after the one numbered `seen`; returns its number, or -1 where the model ends. */
export function enter(control: usize, seen: i32): i32 {
  let step = seen;
  while (step == seen) step = change(control + OPENED, seen, true, ALWAYS);
  return atomic.load<i32>(control + STOPPED) ? -1 : step;
}

/** Another thread: has done the step. */
export function arrive(control: usize, threads: i32): void {
  if (atomic.add<i32>(control + ARRIVED, 1) == threads - 2) atomic.notify(control + ARRIVED, 1);
}

/** The leader: waits for the others. Returns whether all of them are well; false too where it waits in vain. */
export function gather(control: usize, threads: i32, sleeps: bool): bool {
  let arrived = atomic.load<i32>(control + ARRIVED);
  while (arrived < threads - 1) {
    const now = change(control + ARRIVED, arrived, sleeps, LOOK);
    if (now == arrived && stalled()) return false;
    arrived = now;
  }
  return !atomic.load<i32>(control + STOPPED);
}

/** Takes the next `rows` rows of the step; returns the first of them. */
@inline
export function take(control: usize, rows: i32): i32 {
  return atomic.add<i32>(control + NEXT, rows);
}
