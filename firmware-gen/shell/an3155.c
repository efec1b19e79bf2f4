#include "an3155.h"

#include "platform.h"
#include "slots.h"

enum { SYNC = 0x7F, ACK = 0x79, NACK = 0x1F };
enum { GET = 0x00, GET_VERSION = 0x01, GET_ID = 0x02, READ = 0x11, GO = 0x21, WRITE = 0x31, ERASE = 0x44 };

#define VERSION 0x31
#define DEVICE 0x0450u
#define BASE 0x08000000u
#define PAGE_BYTES (128u << 10)
#define PAGES ((LOADER_SLOT_BYTES + PAGE_BYTES - 1) / PAGE_BYTES)
#define MASS_ERASE 0xFFFFu
#define WITHIN_FRAME_MS 1000u

_Static_assert(PLATFORM_TICKS_PER_SECOND <= 100000000u, "20 s are fewer than 2^31 ticks");

static int take_within(uint32_t milliseconds) {
  const uint32_t start = platform_ticks(), limit = PLATFORM_TICKS_PER_SECOND / 1000u * milliseconds;
  do {
    const int byte = platform_read();
    if (byte >= 0) return byte;
  } while (platform_ticks() - start < limit);
  return -1;
}

/* Reads bytes of a frame and adds their XOR to *check. -1: timeout. */
static int take(uint8_t *bytes, uint32_t n, uint8_t *check) {
  for (; n; n--) {
    const int byte = take_within(WITHIN_FRAME_MS);
    if (byte < 0) return -1;
    *bytes++ = (uint8_t)byte;
    *check ^= (uint8_t)byte;
  }
  return 0;
}

/* Reads bytes, then the XOR of everything since `check` began. -1: timeout, or the XOR differs. */
static int take_checked(uint8_t *bytes, uint32_t n, uint8_t check) {
  uint8_t last;
  if (take(bytes, n, &check) || take(&last, 1, &check)) return -1;
  return check ? -1 : 0;
}

static void send(uint8_t byte) { platform_write(&byte, 1); }

static void answer(int result) { send(result ? NACK : ACK); }

/* Converts the client's address to an offset in the slot; a wrong address becomes too large. */
static int take_offset(uint32_t *offset) {
  uint8_t a[4];
  if (take_checked(a, 4, 0)) return -1;
  *offset = ((uint32_t)a[0] << 24 | (uint32_t)a[1] << 16 | (uint32_t)a[2] << 8 | a[3]) - BASE;
  return 0;
}

static void say(const uint8_t *bytes, uint32_t n) {
  send((uint8_t)(n - 1));
  platform_write(bytes, n);
  send(ACK);
}

static void get(void) {
  static const uint8_t all[] = {VERSION, GET, GET_VERSION, GET_ID, READ, GO, WRITE, ERASE};
  say(all, sizeof all);
}

static void get_version(void) {
  static const uint8_t version[] = {VERSION, 0, 0, ACK};
  platform_write(version, sizeof version);
}

static void get_id(void) {
  static const uint8_t id[] = {DEVICE >> 8, DEVICE & 0xFF};
  say(id, sizeof id);
}

static void read_memory(void) {
  uint32_t offset;
  uint8_t last;
  if (take_offset(&offset) || !slots_incoming(offset, 1)) return send(NACK);
  send(ACK);
  if (take_checked(&last, 1, 0xFF)) return send(NACK);
  const uint8_t *bytes = slots_incoming(offset, last + 1u);
  answer(!bytes);
  if (bytes) platform_write(bytes, last + 1u);
}

static void write_memory(void) {
  uint32_t offset;
  uint8_t last, check = 0, bytes[256];
  if (take_offset(&offset) || !slots_incoming(offset, 1)) return send(NACK);
  send(ACK);
  if (take(&last, 1, &check) || take_checked(bytes, last + 1u, check)) return send(NACK);
  answer(slots_write(offset, bytes, last + 1u));
}

static int erase_page(uint32_t page) {
  const uint32_t offset = page * PAGE_BYTES;
  const uint32_t left = LOADER_SLOT_BYTES - offset;
  return slots_erase(offset, left < PAGE_BYTES ? left : PAGE_BYTES);
}

/* All page numbers are checked before the first page is erased. */
static void erase(void) {
  uint8_t count[2], check = 0, pages[PAGES][2];
  if (take(count, 2, &check)) return send(NACK);
  const uint32_t last = (uint32_t)count[0] << 8 | count[1];
  if (last == MASS_ERASE) {
    int wrong = take_checked(0, 0, check);
    for (uint32_t page = 0; page < PAGES && !wrong; page++) wrong = erase_page(page);
    return answer(wrong);
  }
  if (last >= PAGES || take_checked(pages[0], 2 * (last + 1), check)) return send(NACK);
  for (uint32_t i = 0; i <= last; i++)
    if (((uint32_t)pages[i][0] << 8 | pages[i][1]) >= PAGES) return send(NACK);
  int wrong = 0;
  for (uint32_t i = 0; i <= last && !wrong; i++) wrong = erase_page((uint32_t)pages[i][0] << 8 | pages[i][1]);
  answer(wrong);
}

/* Starting a program commits it. 1: it is complete and may start. */
static int go(void) {
  uint32_t offset;
  const int wrong = take_offset(&offset) || offset != 0 || slots_commit();
  answer(wrong);
  return !wrong;
}

int an3155_called(uint32_t milliseconds) {
  const uint32_t start = platform_ticks(), limit = PLATFORM_TICKS_PER_SECOND / 1000u * milliseconds;
  do {
    if (platform_read() == SYNC) {
      send(ACK);
      return 1;
    }
  } while (platform_ticks() - start < limit);
  return 0;
}

int an3155_serve(uint32_t seconds) {
  for (uint32_t silent = 0; silent < seconds;) {
    const int command = take_within(1000);
    if (command < 0) {
      silent++;
      continue;
    }
    /* A client that lost its link starts over. */
    if (command == SYNC) {
      send(ACK);
      continue;
    }
    if (take_within(WITHIN_FRAME_MS) != (command ^ 0xFF)) {
      send(NACK);
      continue;
    }
    silent = 0;
    void (*serve)(void) = command == GET           ? get
                          : command == GET_VERSION ? get_version
                          : command == GET_ID      ? get_id
                          : command == READ        ? read_memory
                          : command == WRITE       ? write_memory
                          : command == ERASE       ? erase
                                                   : 0;
    answer(!serve && command != GO);
    if (serve) serve();
    if (command == GO && go()) return 1;
  }
  return 0;
}
