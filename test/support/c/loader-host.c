/*
 * The loader compiled for this machine, over memory that behaves like NOR flash and loses its power at a
 * chosen byte.
 *
 *   loader-host cuts STEP SEED    a session that replaces OLD by NEW, cut at every STEP-th byte that it erases or
 *                                 writes, then cut again at random while it recovers: OLD or NEW starts, NEW once the
 *                                 loader has said so
 *   loader-host bytes COUNT SEED  COUNT sessions with damaged, lost, doubled and random bytes, and COUNT starts with
 *                                 damaged flash
 *
 * Prints what it counted; exits with 1 where a start finds neither program.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "crc32.h"
#define main loader_main
#include "platform.h"
#undef main
#include "slots.h"

enum { OLD = 'A', NEW = 'B', IMAGE_BYTES = 5000, GUARD = 1 << 16, SCRIPT_BYTES = 1 << 16 };
enum { STARTED = 1, POWER_CUT, WAITS };

static uint8_t *const flash = (uint8_t *)(uintptr_t)PLATFORM_FLASH_BASE;
static uint8_t script[SCRIPT_BYTES], old_image[IMAGE_BYTES], new_image[IMAGE_BYTES];
static uint32_t script_length, script_at, ticks, silence;
static uint64_t random_state, changes, cut_at; /* bytes changed since power on, and at which of them it fails */
static uint8_t answers[4];                     /* the last bytes sent */
static jmp_buf power;

static uint32_t draw(void) {
  random_state = random_state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(random_state >> 33);
}

static void fail(const char *what, uint64_t n) {
  fprintf(stderr, "%s (%llu)\n", what, (unsigned long long)n);
  exit(1);
}

/* The platform. */

void platform_init(void) {}

int platform_read(void) {
  if (script_at < script_length) return silence = 0, script[script_at++];
  if (++silence > 200000) longjmp(power, WAITS);
  return -1;
}

void platform_write(const uint8_t *bytes, uint32_t n) {
  for (; n; n--) {
    memmove(answers, answers + 1, sizeof answers - 1);
    answers[sizeof answers - 1] = *bytes++;
  }
}

uint32_t platform_ticks(void) { return ticks += PLATFORM_TICKS_PER_SECOND / 1000; }

static void check_range(uint32_t at, uint32_t n) {
  if (at < PLATFORM_FLASH_BASE || n > PLATFORM_FLASH_BYTES || at - PLATFORM_FLASH_BASE > PLATFORM_FLASH_BYTES - n)
    fail("flash is changed outside of it", at);
}

/* One byte of flash becomes `to`; where the power fails it becomes anything between. */
static void change(uint32_t at, uint8_t to) {
  uint8_t *byte = (uint8_t *)(uintptr_t)at;
  if (++changes == cut_at) {
    const uint8_t done = (uint8_t)draw();
    *byte = (uint8_t)((*byte & ~done) | (to & done));
    longjmp(power, POWER_CUT);
  }
  *byte = to;
}

int platform_flash_erase(uint32_t at, uint32_t bytes) {
  check_range(at, bytes);
  if (at % PLATFORM_FLASH_SECTOR || bytes % PLATFORM_FLASH_SECTOR) fail("part of a sector is erased", at);
  for (uint32_t i = 0; i < bytes; i++) change(at + i, 0xFF);
  return 0;
}

int platform_flash_write(uint32_t at, const uint8_t *bytes, uint32_t n) {
  check_range(at, n);
  int result = 0;
  for (uint32_t i = 0; i < n; i++) {
    const uint8_t had = *(uint8_t *)(uintptr_t)(at + i);
    change(at + i, had & bytes[i]);
    if ((had & bytes[i]) != bytes[i]) result = -1;
  }
  return result;
}

void platform_boot(uint32_t vector_table) {
  if (vector_table != LOADER_RUNNING + IMAGE_PROGRAM) fail("another address is started", vector_table);
  longjmp(power, STARTED);
}

/* Power on until a program starts, the power fails at the cut-th changed byte (0: never), or the loader
   waits. */
static int power_on(uint64_t cut) {
  changes = 0, cut_at = cut, script_at = 0, silence = 0;
  const int how = setjmp(power);
  if (!how) loader_main();
  return how;
}

/* Which program is where programs start; 0: neither. */
static int program(void) {
  const uint8_t *running = flash + (LOADER_RUNNING - PLATFORM_FLASH_BASE);
  if (!memcmp(running, old_image, IMAGE_BYTES)) return OLD;
  return memcmp(running, new_image, IMAGE_BYTES) ? 0 : NEW;
}

/* The client: all it sends in a session, without waiting for answers. */

static void put(const uint8_t *bytes, uint32_t n) {
  if (script_length + n > sizeof script) fail("the script is too long", n);
  memcpy(script + script_length, bytes, n);
  script_length += n;
}

static void put_checked(const uint8_t *bytes, uint32_t n) {
  uint8_t check = 0;
  for (uint32_t i = 0; i < n; i++) check ^= bytes[i];
  put(bytes, n);
  put(&check, 1);
}

static void put_command(uint8_t command) { put((uint8_t[]){command, (uint8_t)~command}, 2); }

static void put_address(uint32_t offset) {
  const uint32_t at = 0x08000000u + offset;
  put_checked((uint8_t[]){at >> 24, at >> 16 & 255, at >> 8 & 255, at & 255}, 4);
}

static void put_session(const uint8_t *image) {
  script_length = 0;
  put((uint8_t[]){0x7F}, 1);
  put_command(0x00);
  put_command(0x01);
  put_command(0x02);
  put_command(0x44);
  put_checked((uint8_t[]){0, 0, 0, 0}, 4);
  for (uint32_t done = 0; done < IMAGE_BYTES;) {
    const uint32_t n = IMAGE_BYTES - done < 256 ? IMAGE_BYTES - done : 256;
    uint8_t frame[257] = {(uint8_t)(n - 1)};
    memcpy(frame + 1, image + done, n);
    put_command(0x31);
    put_address(done);
    put_checked(frame, n + 1);
    put_command(0x11);
    put_address(done);
    put((uint8_t[]){(uint8_t)(n - 1), (uint8_t)~(n - 1)}, 2);
    done += n;
  }
  put_command(0x21);
  put_address(0);
}

static void make_image(uint8_t *image, int letter) {
  memset(image, 0xFF, IMAGE_PROGRAM);
  memset(image + IMAGE_PROGRAM, letter, IMAGE_BYTES - IMAGE_PROGRAM);
  struct image_header header = {IMAGE_MAGIC, LOADER_BOARD, LOADER_RUNNING + IMAGE_PROGRAM,
                                IMAGE_BYTES - IMAGE_PROGRAM, 0, 0};
  header.crc = crc32(0, image + IMAGE_PROGRAM, header.bytes);
  header.check = crc32(0, (const uint8_t *)&header, offsetof(struct image_header, check));
  memcpy(image, &header, sizeof header);
}

static void must_start(int first, int second, uint64_t n) {
  script_length = 0;
  if (power_on(0) != STARTED) fail("nothing starts", n);
  const int letter = program();
  if (!letter || (letter != first && letter != second)) fail("the wrong program starts", n);
}

static uint64_t cuts(uint64_t step, uint8_t *before) {
  uint64_t n = 1 + draw() % step, tried = 0, old = 0, again = 0;
  for (;; n += step, tried++) {
    memcpy(flash, before, PLATFORM_FLASH_BYTES);
    memset(answers, 0, sizeof answers);
    put_session(new_image);
    if (power_on(n) != POWER_CUT) break;
    /* Two answers to the start command; the second is the promise. Before them came a byte that was read
       back. */
    const int promised = script_at == script_length && answers[2] == 0x79 && answers[3] == 0x79;
    script_length = 0;
    for (int more = 0; more < 2; more++)
      if (power_on(1 + draw() % 12000) == POWER_CUT) again++;
    must_start(NEW, promised ? NEW : OLD, n);
    old += program() == OLD;
  }
  if (program() != NEW) fail("a session without a cut does not start the new program", n);
  printf("%llu cuts: %llu then start the old program, %llu the new; %llu more cuts while it recovers\n",
         (unsigned long long)tried, (unsigned long long)old, (unsigned long long)(tried - old),
         (unsigned long long)again);
  return old && old < tried;
}

static void damage_script(void) {
  switch (draw() % 5) {
    case 0:
      for (script_length = draw() % 4000, script_at = 0; script_at < script_length; script_at++)
        script[script_at] = (uint8_t)draw();
      script[0] = 0x7F;
      return;
    case 1:
      script_length = 1 + draw() % script_length;
      return;
    default:
      for (uint32_t times = 1 + draw() % (draw() % 2 ? 1 : 20); times; times--) {
        const uint32_t at = 1 + draw() % (script_length - 2), how = draw() % 4;
        if (how == 0) script[at] ^= (uint8_t)(1u << draw() % 8);
        if (how == 1) script[at] = (uint8_t)draw();
        if (how == 2) memmove(script + at, script + at + 1, --script_length - at);
        if (how == 3 && script_length < SCRIPT_BYTES) memmove(script + at + 1, script + at, script_length++ - at);
      }
  }
}

static const uint32_t extremes[] = {0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFF00, LOADER_SLOT_BYTES};

static void damage_flash(void) {
  static const uint32_t headers[] = {LOADER_RECORD, LOADER_RUNNING, LOADER_INCOMING};
  for (uint32_t times = 1 + draw() % 4; times; times--) {
    const uint32_t header = headers[draw() % 3];
    uint32_t *words = (uint32_t *)(uintptr_t)header;
    words[draw() % 6] = draw() % 2 ? draw() : extremes[draw() % (sizeof extremes / sizeof *extremes)];
    /* Checks that fit, so that the numbers themselves are what stops it. */
    if (draw() % 2) {
      const uint32_t last = header == LOADER_RECORD ? 3 : 5;
      words[last] = crc32(0, (const uint8_t *)words, 4 * last);
    }
  }
}

static void bytes(uint64_t count, uint8_t *before) {
  uint64_t started = 0, replaced = 0;
  for (uint64_t i = 0; i < count; i++) {
    memcpy(flash, before, PLATFORM_FLASH_BYTES);
    put_session(new_image);
    damage_script();
    power_on(0);
    must_start(OLD, NEW, i);
    replaced += program() == NEW;

    memcpy(flash, before, PLATFORM_FLASH_BYTES);
    damage_flash();
    put_session(new_image);
    if (draw() % 2) script_length = 0;
    if (power_on(0) == STARTED && !program()) fail("damaged flash starts", i);
    started += program() != 0;
  }
  printf("%llu damaged sessions, %llu of them complete; %llu starts with damaged flash, %llu with a whole program\n",
         (unsigned long long)count, (unsigned long long)replaced, (unsigned long long)count,
         (unsigned long long)started);
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  /* Pages that cannot be read on both sides: reading beyond the flash is a fault. */
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
  if (mmap(flash - GUARD, PLATFORM_FLASH_BYTES + 2 * GUARD, PROT_NONE, flags, -1, 0) == MAP_FAILED ||
      mprotect(flash, PLATFORM_FLASH_BYTES, PROT_READ | PROT_WRITE))
    fail("no memory at the address of the flash", PLATFORM_FLASH_BASE);
  const uint64_t number = strtoull(argv[2], 0, 10);
  random_state = strtoull(argv[3], 0, 10);
  make_image(old_image, OLD);
  make_image(new_image, NEW);
  memset(flash, 0xFF, PLATFORM_FLASH_BYTES);
  put_session(old_image);
  if (power_on(0) != STARTED || program() != OLD) fail("the first session starts nothing", 0);
  static uint8_t before[PLATFORM_FLASH_BYTES];
  memcpy(before, flash, sizeof before);
  if (argv[1][0] == 'b') bytes(number, before);
  else if (!cuts(number, before)) fail("all cuts ended alike", 0);
  return 0;
}
