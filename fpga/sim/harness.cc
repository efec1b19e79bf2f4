// Runs frames through a simulated spikelet_core. Frames come on stdin, `pixels` bytes each; per frame one line of JSON:
// cycles from the first pixel taken to the last logit, `interval` since the last logit of the frame before, clocks in which
// a side was made to wait, CRC-32 of every tensor in order, the cycle each was first and last written and its spikes, and
// for each FIFO the clocks since the line before in which it held something back.
// Arguments: pixels, logits, the tensors (comma-separated: u for spikes, i for others, bytes of a value, values; u1:784),
// clocks of 256 in which either side and each FIFO stalls, seed, 1 where a frame follows while others are in work, and how
// many bytes of weights come before the frames and are loaded.
// TRACES and FIFOS are the widths of the core's ports (fpga/README.md).
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <vector>

#include "Vspikelet_core.h"

typedef unsigned long long u64;

static uint32_t random_state;
static uint32_t random_byte() {
  random_state = random_state * 1664525u + 1013904223u;
  return random_state >> 24;
}

static uint32_t crc_byte(uint32_t crc, uint32_t byte) {
  crc ^= byte;
  for (int k = 0; k < 8; k++) crc = crc & 1 ? 0xedb88320u ^ (crc >> 1) : crc >> 1;
  return crc;
}

// Up to 32 bits of a port, from bit `at` on, none of which lie across a word: ports are integers or arrays of words.
static uint32_t field(uint8_t port, size_t at) { return port >> at; }
static uint32_t field(uint16_t port, size_t at) { return port >> at; }
static uint32_t field(uint32_t port, size_t at) { return port >> at; }
static uint32_t field(uint64_t port, size_t at) { return uint32_t(port >> at); }
template <typename Words>
static uint32_t field(const Words &port, size_t at) {
  return port[at / 32] >> at % 32;
}

struct Kind {
  bool spikes;
  int bytes;
  size_t values;
};

struct Tensor {
  uint32_t crc = ~0u;
  size_t values = 0;
  u64 first = 0, last = 0, spikes = 0;
};

struct Frame {
  u64 start, end = 0, stalls = 0;
  std::vector<Tensor> tensors;
  std::vector<int32_t> logits;
};

int main(int argc, char **argv) {
  if (argc != 8) return 2;
  const size_t weights = strtoul(argv[7], nullptr, 10);
  const size_t pixels = strtoul(argv[1], nullptr, 10), logits = strtoul(argv[2], nullptr, 10);
  const uint32_t stall = strtoul(argv[4], nullptr, 10);
  const bool overlap = argv[6][0] == '1';
  random_state = strtoul(argv[5], nullptr, 10);
  std::vector<Kind> kinds;
  for (char *at = argv[3]; *at; at += *at == ',') {
    const bool spikes = *at == 'u';
    const int bytes = strtol(at + 1, &at, 10);
    kinds.push_back({spikes, bytes, strtoul(at + 1, &at, 10)});
  }

  Vspikelet_core core;
  const auto clock = [&] {
    core.i_clk = 0;
    core.eval();
    core.i_clk = 1;
    core.eval();
  };
  core.i_valid = core.i_last = core.i_ready = core.i_weight_valid = 0;
  core.i_rst = 1;
#if FIFOS
  core.i_stall = stall;
  std::vector<u64> held_back(FIFOS);
#endif
  clock();
  clock();
  core.i_rst = 0;
  // Until its weights are whole the core takes no frame.
  const auto closed = [&](size_t loaded) {
    core.i_valid = 1;
    core.eval();
    if (core.o_ready || core.o_loaded) {
      fprintf(stderr, "the core takes a frame after %zu of %zu B of its weights\n", loaded, weights);
      exit(1);
    }
    core.i_valid = 0;
  };
  for (size_t i = 0; i < weights; i++) {
    if (i == 0 || i == weights / 2 || i == weights - 1) closed(i);
    core.i_weight_valid = 1;
    core.i_weight_address = i;
    core.i_weight_data = getchar() & 255;
    clock();
  }
  core.i_weight_valid = 0;
  if (weights) clock();
  core.i_clk = 0;
  core.eval();
  if (!core.o_loaded) {
    fprintf(stderr, "the core does not find its weights whole\n");
    return 1;
  }

  // The frames in work, oldest first; a tensor may already be written of a later one.
  std::deque<Frame> frames;
  u64 first_frame = 0, cycle = 0, progress = 0, before = 0, spikes = 0, fired = 0;
  std::vector<u64> writing(kinds.size());  // which frame
  u64 sending = 0, receiving = 0;
  std::vector<uint8_t> pixel(pixels);
  size_t sent = pixels;
  bool held = false, more = true;
  while (true) {
    if (more && sent == pixels && (overlap || frames.empty())) {
      more = fread(pixel.data(), 1, pixels, stdin) == pixels;
      if (more) sent = 0;
    }
    if (!more && frames.empty()) {
      fired += core.o_spikes;  // of the last clock, where the core counts a clock later
      break;
    }
    // A value that was offered stays until it is taken, as the interface asks.
    held = sent < pixels && (held || random_byte() >= stall);
    core.i_valid = held;
    core.i_data = sent < pixels ? pixel[sent] : 0;
    core.i_last = sent + 1 == pixels;
    core.i_ready = random_byte() >= stall;
    core.i_clk = 0;
    core.eval();
    if (core.o_busy != !frames.empty() && receiving - first_frame == 0) {
      fprintf(stderr, "o_busy is %d with %zu frames in work\n", core.o_busy, frames.size());
      return 1;
    }
    if (core.i_valid && core.o_ready) {
      if (sent == 0) {
        frames.push_back({cycle});
        frames.back().tensors.resize(kinds.size());
        sending++;
      }
      sent++;
      held = false;
      progress = cycle;
    }
    for (int i = 0; i < TRACES; i++) {
      if (!(field(core.o_trace_valid, i) & 1)) continue;
      const size_t at = field(core.o_trace_tensor, 16 * i) & 0xffff;
      const uint32_t value = field(core.o_trace_value, 32 * i);
      const Kind &kind = kinds.at(at);
      if (writing[at] >= sending) {
        fprintf(stderr, "tensor %zu has more values than its frames\n", at);
        return 1;
      }
      Frame &frame = frames.at(writing[at] - first_frame);
      Tensor &tensor = frame.tensors[at];
      for (int b = 0; b < kind.bytes; b++) tensor.crc = crc_byte(tensor.crc, value >> 8 * b & 255);
      if (!tensor.values) tensor.first = cycle - frame.start + 1;
      tensor.last = cycle - frame.start + 1;
      if (kind.spikes) tensor.spikes += value, spikes += value;
      if (++tensor.values == kind.values) writing[at]++;
      progress = cycle;
    }
    fired += core.o_spikes;
    if (!frames.empty())
      frames.front().stalls += (core.i_valid && !core.o_ready) || (core.o_valid && !core.i_ready);
    if (core.o_valid && core.i_ready) {
      Frame &frame = frames.at(receiving - first_frame);
      frame.logits.push_back((int32_t)core.o_data);
      if (core.o_last != (frame.logits.size() == logits)) {
        fprintf(stderr, "o_last is %d with logit %zu of %zu\n", core.o_last, frame.logits.size(), logits);
        return 1;
      }
      if (frame.logits.size() == logits) frame.end = cycle, receiving++;
      progress = cycle;
    }
#if FIFOS
    for (int i = 0; i < FIFOS; i++) held_back[i] += field(core.o_stalled, i) & 1;
#endif
    core.i_clk = 1;
    core.eval();
    cycle++;
    if (cycle - progress > 50000000u) {
      fprintf(stderr, "nothing has moved for %llu cycles\n", cycle - progress);
      return 1;
    }
    if (frames.empty()) continue;
    const Frame &frame = frames.front();
    bool whole = frame.logits.size() == logits;
    for (const u64 at : writing) whole &= at > first_frame;
    if (!whole) continue;
    printf("{\"cycles\":%llu,\"interval\":%llu,\"stalls\":%llu,\"logits\":[", frame.end - frame.start + 1,
           first_frame ? frame.end - before : frame.end - frame.start + 1, frame.stalls);
    for (size_t i = 0; i < logits; i++) printf("%s%d", i ? "," : "", frame.logits[i]);
    printf("],\"tensors\":[");
    for (size_t i = 0; i < kinds.size(); i++) {
      const Tensor &tensor = frame.tensors[i];
      printf("%s{\"crc\":%u,\"first\":%llu,\"last\":%llu,\"spikes\":%llu}", i ? "," : "", ~tensor.crc, tensor.first,
             tensor.last, tensor.spikes);
    }
    printf("],\"fifos\":[");
#if FIFOS
    for (int i = 0; i < FIFOS; i++) printf("%s%llu", i ? "," : "", held_back[i]), held_back[i] = 0;
#endif
    printf("]}\n");
    fflush(stdout);
    before = frame.end;
    frames.pop_front();
    first_frame++;
  }
  if (core.o_misframed) {
    fprintf(stderr, "the core counts other frames\n");
    return 1;
  }
  if (spikes != fired) {
    fprintf(stderr, "the core counted %llu spikes, its tensors hold %llu\n", fired, spikes);
    return 1;
  }
}
