#include "requests.h"

#include "inference.h"
#include "platform.h"

#ifdef SPIKELET_TRACE
#define NOTES (NOTE_TICKS | NOTE_VALUES)
#else
#define NOTES 0u
#endif

static int problem;

void requests_begin(int found) { problem = found; }

static void put_string(const char *text) {
  uint8_t n = 0;
  while (n < 63 && text[n]) n++;
  link_put(&n, 1);
  link_put(text, n);
}

static void hello(void) {
  const uint32_t numbers[] = {
      LINK_PAYLOAD,          (uint32_t)problem,        SPIKELET_MODEL_CRC,
      SPIKELET_INPUT_BYTES,  SPIKELET_CLASSES,         SPIKELET_LAYERS,
      NOTES,                 PLATFORM_TICKS_PER_SECOND, PLATFORM_COUNT_PER_TICKS,
      PLATFORM_COUNT_TICKS,  PLATFORM_RAM_BYTES,       SPIKELET_ARENA_BYTES,
      PLATFORM_STACK_BYTES,
  };
  link_begin(REQUEST_HELLO | 0x80u);
  for (uint32_t i = 0; i < sizeof numbers / sizeof *numbers; i++) link_put_u32(numbers[i]);
  put_string(PLATFORM_NAME);
  put_string(SPIKELET_MODEL);
  put_string(PLATFORM_COUNT_MEANS);
  link_end();
}

static void empty(uint8_t kind) {
  link_begin(kind | 0x80u);
  link_end();
}

static void put_logits(uint32_t first) {
  for (uint32_t i = first; i < SPIKELET_CLASSES && i < first + LOGITS_PAGE; i++)
    link_put_u32((uint32_t)inference.logits[i]);
  link_end();
}

static void put_notes(uint32_t first) {
  link_begin(REQUEST_NOTES | 0x80u);
  for (uint32_t i = first; i <= SPIKELET_LAYERS && i < first + NOTES_PAGE; i++) {
    const struct note *note = &inference_notes[i];
    link_put_u32(note->ticks);
    link_put_u32(note->crc);
    link_put_u32(note->spikes);
    link_put_u32(note->active);
  }
  link_end();
}

static void infer(uint32_t notes, int repeated) {
  if (notes & ~NOTES) return link_refuse(LINK_NOT_TRACED);
  /* A repeated request is not done again, unless it failed. */
  if (!(repeated && inference.logits) && inference_run(notes)) return link_refuse(LINK_INCOMPLETE);
  link_begin(REQUEST_INFER | 0x80u);
  link_put_u32(inference.ticks);
  put_logits(0);
}

static void numbered(uint8_t kind, uint32_t number, int repeated) {
  if (kind == REQUEST_INFER) return infer(number, repeated);
  if (!inference.logits) return link_refuse(LINK_NOT_COMPUTED);
  if (number > SPIKELET_LAYERS + SPIKELET_CLASSES) return link_refuse(LINK_WRONG_SIZE);
  if (kind == REQUEST_NOTES) return inference.noted ? put_notes(number) : link_refuse(LINK_NOT_COMPUTED);
  link_begin(REQUEST_LOGITS | 0x80u);
  put_logits(number);
}

void link_request(uint8_t kind, const uint8_t *payload, uint32_t n, int repeated) {
  if (kind < REQUEST_HELLO || kind > REQUEST_RESET) return link_refuse(LINK_UNKNOWN);
  const uint32_t numbers = kind == REQUEST_INPUT || kind == REQUEST_INFER || kind == REQUEST_LOGITS || kind == REQUEST_NOTES;
  if (kind == REQUEST_INPUT ? n < 4 : n != 4 * numbers) return link_refuse(LINK_WRONG_SIZE);
  uint32_t number = 0;
  if (numbers) memcpy(&number, payload, 4);
  if (numbers && problem) return link_refuse(LINK_NO_MODEL);
  switch (kind) {
    case REQUEST_HELLO: return hello();
    case REQUEST_INPUT:
      return inference_put(number, payload + 4, n - 4) ? link_refuse(LINK_OUT_OF_ORDER) : empty(kind);
    case REQUEST_MEMORY:
      link_begin(REQUEST_MEMORY | 0x80u);
      link_put_u32(platform_stack_used());
      return link_end();
    case REQUEST_RESET:
      empty(kind);
      platform_reset();
    default: return numbered(kind, number, repeated);
  }
}
