/*
 * The shell's platform on a host, its serial port on standard input and output; the end of the input ends the
 * program, a reset starts it again. The environment may say by how much the counter moves whenever it is
 * looked at (TICKS, else 1), how many bytes of RAM are left over (SPARE, else none) and whether bytes come in
 * while the program works (LIVE=1).
 */
#include "platform.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint8_t received[4096], sent[4096];
static uint32_t in, out, waiting;

static void flush(void) {
  for (uint32_t done = 0; done < waiting;) {
    const ssize_t n = write(1, sent + done, waiting - done);
    if (n <= 0) exit(1);
    done += (uint32_t)n;
  }
  waiting = 0;
}

static uint32_t step, spare_bytes, live;
static uint8_t *spare;

static uint32_t number_in(const char *name, uint32_t otherwise) {
  const char *text = getenv(name);
  return text ? (uint32_t)strtoul(text, 0, 10) : otherwise;
}

void platform_init(void) {
  step = number_in("TICKS", 1);
  spare_bytes = number_in("SPARE", 0);
  spare = malloc(spare_bytes);
  live = number_in("LIVE", 0);
}

int platform_read(void) {
  if (out < in) return received[out++];
  return -1;
}

/* As an interrupt does it: what has come goes behind what waits. What was written goes out, so that a peer
   can answer. */
static void take_what_came(void) {
  struct pollfd input = {0, POLLIN, 0};
  flush();
  if (out) memmove(received, received + out, in - out);
  in -= out;
  out = 0;
  if (in == sizeof received || poll(&input, 1, 0) != 1) return;
  const ssize_t n = read(0, received + in, sizeof received - in);
  if (n > 0) in += (uint32_t)n;
}

int platform_peek(uint32_t ahead) {
  if (live) take_what_came();
  if (ahead >= sizeof received) return -2;
  return ahead < in - out ? received[out + ahead] : -1;
}

/* Nothing is left to read: what was written goes out, then the next bytes are waited for. */
void platform_wait(void) {
  flush();
  const ssize_t n = read(0, received, sizeof received);
  if (n <= 0) exit(0);
  in = (uint32_t)n;
  out = 0;
}

void platform_write(const uint8_t *bytes, uint32_t n) {
  for (; n; n--) {
    if (waiting == sizeof sent) flush();
    sent[waiting++] = *bytes++;
  }
}

uint32_t platform_ticks(void) {
  static uint32_t ticks;
  return ticks += step;
}

uint8_t *platform_spare(uint32_t *bytes) {
  *bytes = spare_bytes;
  return spare;
}

uint32_t platform_stack_used(void) { return 1234; }

void platform_reset(void) {
  flush();
  execl("/proc/self/exe", "firmware", (char *)0);
  abort();
}
