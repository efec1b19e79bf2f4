#include "inference.h"

#include "crc32.h"
#include "platform.h"

struct note inference_notes[SPIKELET_LAYERS + 1];
struct inference inference;

static uint32_t present; /* bytes of the image received so far */
static uint32_t wanted;  /* what the running inference records */
static uint32_t since;   /* ticks when the current layer started */
static uint32_t looking; /* ticks spent on reading values */

int inference_put(uint32_t offset, const uint8_t *pixels, uint32_t n) {
  if (offset > present || offset > SPIKELET_INPUT_BYTES || n > SPIKELET_INPUT_BYTES - offset) return -1;
  inference.logits = 0;
  memcpy(spikelet_input() + offset, pixels, n);
  present = offset + n;
  return 0;
}

void inference_put_raw(const uint8_t *raw) {
  inference.logits = 0;
  spikelet_pixels(raw);
  present = SPIKELET_INPUT_BYTES;
}

static void look_at_bytes(struct note *note, const uint8_t *bytes, uint32_t n) {
  note->crc = crc32(note->crc, bytes, n);
  for (; n; n--, bytes++) {
    note->spikes += *bytes;
    note->active += *bytes != 0;
  }
}

#ifdef SPIKELET_TRACE
/* A row of counts, two per byte. */
static void look_at_halves(struct note *note, const struct spikelet_layer *layer, const uint8_t *bytes) {
  for (uint32_t column = 0; column < layer->columns; column++, bytes += (layer->channels + 1u) / 2u)
    for (uint32_t channel = 0; channel < layer->channels; channel++) {
      const uint8_t count = bytes[channel / 2u] >> (channel & 1u) * 4u & 15u;
      look_at_bytes(note, &count, 1);
    }
}

/* A row of values of two or four bytes. */
static void look_at_numbers(struct note *note, const uint8_t *bytes, uint32_t n, uint32_t size) {
  note->crc = crc32(note->crc, bytes, n);
  for (const uint8_t *end = bytes + n; bytes < end; bytes += size) {
    uint32_t bits = 0;
    for (uint32_t i = 0; i < size; i++) bits |= bytes[i];
    note->active += bits != 0;
  }
}

static void look_at_row(struct note *note, const struct spikelet_layer *layer, uint32_t row) {
  const uint8_t *bytes = (const uint8_t *)layer->rows + row % layer->ring * layer->row_bytes;
  switch (layer->bits) {
    case 4: return look_at_halves(note, layer, bytes);
    case 8: return look_at_bytes(note, bytes, layer->row_bytes);
    default: return look_at_numbers(note, bytes, layer->row_bytes, layer->bits / 8u);
  }
}

/* A separate function, so that inferences without NOTE_VALUES do not save its registers. Its time is
   subtracted. */
static __attribute__((noinline)) void look_at_rows(uint32_t layer, uint32_t row, uint32_t rows) {
  const uint32_t start = platform_ticks();
  for (uint32_t r = row; r < row + rows; r++) look_at_row(&inference_notes[layer + 1], &spikelet_layers[layer], r);
  since = platform_ticks();
  looking += since - start;
}

void spikelet_trace(uint32_t layer, uint32_t row, uint32_t rows) {
  if (wanted & NOTE_TICKS) {
    const uint32_t now = platform_ticks();
    inference_notes[layer + 1].ticks += now - since;
    since = now;
  }
  if (wanted & NOTE_VALUES) look_at_rows(layer, row, rows);
}
#endif

int inference_run(uint32_t notes) {
  if (present != SPIKELET_INPUT_BYTES) return -1;
  wanted = inference.noted = notes;
  if (notes) memset(inference_notes, 0, sizeof inference_notes);
  if (notes & NOTE_VALUES)
    look_at_bytes(&inference_notes[0], (const uint8_t *)spikelet_input(), SPIKELET_INPUT_BYTES);
  looking = 0;
  present = 0;
  const uint32_t start = since = platform_ticks();
  const int32_t *logits = spikelet_infer();
  inference.ticks = platform_ticks() - start - looking;
  inference.logits = logits;
  return logits ? 0 : -1;
}
