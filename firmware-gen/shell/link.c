#include "link.h"

#include "crc32.h"
#include "platform.h"

#define HEAD 4u
#define CHECK 4u
#define FRAME (HEAD + LINK_PAYLOAD + CHECK)
#define MARK 0x80u
#define NO_SESSION 0x10000u

/* The frame being received; words, so that the payload's numbers are aligned. */
static uint32_t words[(FRAME + 3u) / 4u];
static uint8_t *const frame = (uint8_t *)words;
static uint32_t length;
static uint32_t place; /* position in the group; 0 is the byte of top bits */
static uint8_t tops;
static int too_long;

/* The last request's sequence, or NO_SESSION; sequence and kind of the request being answered. */
static uint32_t session = NO_SESSION;
static uint32_t sequence;
static uint8_t asked;

/* The answer being sent. */
static uint8_t group[8];
static uint32_t filled;
static uint32_t crc;

static void forget(void) {
  length = place = 0;
  too_long = 0;
}

static int damaged(void) {
  if (too_long || place == 1 || length < HEAD + CHECK) return 1;
  uint32_t check = 0;
  for (uint32_t i = 0; i < CHECK; i++) check |= (uint32_t)frame[length - CHECK + i] << 8 * i;
  return check != crc32(0, frame, length - CHECK);
}

static void answer(void) {
  asked = 0;
  sequence = 0;
  if (damaged()) return link_refuse(LINK_DAMAGED);
  sequence = frame[0] | (uint32_t)frame[1] << 8;
  asked = frame[2];
  if (frame[3] != LINK_VERSION) return link_refuse(LINK_OTHER_VERSION);
  if (asked != LINK_HELLO && session == NO_SESSION) return link_refuse(LINK_NO_SESSION);
  const int repeated = asked != LINK_HELLO && sequence == session;
  session = sequence;
  link_request(asked, frame + HEAD, length - HEAD - CHECK, repeated);
}

int link_take(uint8_t byte) {
  if (byte == 0) {
    if (length || place) answer();
    forget();
    return 1;
  }
  if (byte < MARK) {
    forget();
    return 0;
  }
  if (place == 0)
    tops = byte;
  else if (length < FRAME)
    frame[length++] = (uint8_t)((byte & 0x7Fu) | (uint32_t)(tops >> (place - 1u) & 1u) << 7);
  else
    too_long = 1;
  place = (place + 1u) & 7u;
  return 1;
}

static void flush(void) {
  if (filled) platform_write(group, filled + 1u);
  filled = 0;
  group[0] = MARK;
}

static void put_byte(uint8_t byte) {
  group[0] |= (uint8_t)(byte >> 7 << filled);
  group[++filled] = byte | MARK;
  if (filled == 7) flush();
}

void link_put(const void *bytes, uint32_t n) {
  const uint8_t *next = bytes;
  crc = crc32(crc, next, n);
  for (; n; n--) put_byte(*next++);
}

void link_put_u32(uint32_t value) {
  const uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
  link_put(bytes, sizeof bytes);
}

/* The zero byte before it ends any noise on the line. */
void link_begin(uint8_t kind) {
  const uint8_t end = 0, head[HEAD] = {(uint8_t)sequence, (uint8_t)(sequence >> 8), kind, LINK_VERSION};
  platform_write(&end, 1);
  crc = 0;
  filled = 0;
  group[0] = MARK;
  link_put(head, sizeof head);
}

void link_end(void) {
  const uint8_t end = 0;
  link_put_u32(crc);
  flush();
  platform_write(&end, 1);
}

void link_refuse(enum link_error error) {
  const uint8_t payload[2] = {(uint8_t)error, asked};
  link_begin(LINK_ERROR);
  link_put(payload, sizeof payload);
  link_end();
}
