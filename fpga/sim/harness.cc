// Runs frames through a Verilated spikelet_core. Frames come on stdin, `pixels` bytes each; per frame one line of JSON:
// CRC-32 of every tensor in order, cycles from the first pixel taken to the last logit, the cycle each tensor was first and
// last written, spikes of each tensor, and clocks in which a side was made to wait. Arguments: pixels, logits, bytes of
// a value of each tensor (comma-separated), clocks of 256 in which either side stalls, seed.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "Vspikelet_core.h"

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

struct Tensor {
  int bytes;
  uint32_t crc;
  uint64_t first, last, spikes;
};

int main(int argc, char **argv) {
  if (argc != 6) return 2;
  const size_t pixels = strtoul(argv[1], nullptr, 10), logits = strtoul(argv[2], nullptr, 10);
  const uint32_t stall = strtoul(argv[4], nullptr, 10);
  random_state = strtoul(argv[5], nullptr, 10);
  std::vector<Tensor> tensors;
  for (char *at = argv[3]; *at; at += *at == ',') tensors.push_back({(int)strtol(at, &at, 10), 0, 0, 0, 0});

  Vspikelet_core core;
  const auto clock = [&] {
    core.i_clk = 0;
    core.eval();
    core.i_clk = 1;
    core.eval();
  };
  core.i_valid = core.i_ready = core.i_weight_valid = 0;
  core.i_rst = 1;
  clock();
  clock();
  core.i_rst = 0;

  std::vector<uint8_t> frame(pixels);
  std::vector<int32_t> found(logits);
  while (fread(frame.data(), 1, pixels, stdin) == pixels) {
    size_t sent = 0, received = 0;
    uint64_t cycle = 0, since = 0, stalls = 0;
    bool held = false;
    for (auto &tensor : tensors) tensor.crc = ~0u, tensor.first = tensor.last = tensor.spikes = 0;
    while (received < logits) {
      // A value that was offered stays until it is taken, as the interface asks.
      held = sent < pixels && (held || random_byte() >= stall);
      core.i_valid = held;
      core.i_data = sent < pixels ? frame[sent] : 0;
      core.i_ready = random_byte() >= stall;
      core.i_clk = 0;
      core.eval();
      if (core.o_trace_valid) {
        Tensor &tensor = tensors.at(core.o_trace_tensor);
        for (int i = 0; i < tensor.bytes; i++) tensor.crc = crc_byte(tensor.crc, core.o_trace_value >> 8 * i & 255);
        if (!tensor.first) tensor.first = since + 1;
        tensor.last = since + 1;
        if (core.o_trace_tensor) tensor.spikes += core.o_spikes;
      }
      stalls += (core.i_valid && !core.o_ready) || (core.o_valid && !core.i_ready);
      if (core.i_valid && core.o_ready) sent++, held = false;
      if (core.o_valid && core.i_ready) found[received++] = (int32_t)core.o_data;
      since += sent > 0;
      core.i_clk = 1;
      core.eval();
      if (++cycle > 4000000000u) {
        fprintf(stderr, "no logits after %llu cycles\n", (unsigned long long)cycle);
        return 1;
      }
    }
    printf("{\"cycles\":%llu,\"stalls\":%llu,\"logits\":[", (unsigned long long)since, (unsigned long long)stalls);
    for (size_t i = 0; i < logits; i++) printf("%s%d", i ? "," : "", found[i]);
    printf("],\"tensors\":[");
    for (size_t i = 0; i < tensors.size(); i++)
      printf("%s{\"crc\":%u,\"first\":%llu,\"last\":%llu,\"spikes\":%llu}", i ? "," : "", ~tensors[i].crc,
             (unsigned long long)tensors[i].first, (unsigned long long)tensors[i].last,
             (unsigned long long)tensors[i].spikes);
    printf("]}\n");
    fflush(stdout);
  }
}
