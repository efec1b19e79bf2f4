import { cxxName } from './cxxrtl.js';

/**
 * C++ that drives a board top (i_clk, i_rx, o_tx) byte by byte, as a serial adapter would: `byte_in` holds
 * the bytes to send, `byte_out` the received ones. `run` sends `count` bytes, continues for `clocks` more,
 * and returns how many bytes arrived. `silence` returns for how many clocks the line has been idle both ways.
 */
export const serialHarness = (top: string, clocksPerBit: number): string => `#include "design.h"
#include <stdint.h>

static cxxrtl_design::${cxxName(top)} top;
static uint8_t in[1 << 16], out[1 << 16];
static const int BIT = ${clocksPerBit};
static int seen = -1, wait = 0, shift = 0;  // receiving: the next bit, -1: idle
static double silent = 0;

extern "C" {
__attribute__((export_name("byte_in"))) uint8_t *byte_in() { return in; }
__attribute__((export_name("byte_out"))) uint8_t *byte_out() { return out; }
__attribute__((export_name("silence"))) double silence() { return silent; }

__attribute__((export_name("run"))) int run(int count, double clocks) {
  int got = 0;
  for (double n = -10.0 * BIT * count; n < clocks; n++) {
    bool line = true;
    if (n < 0) {
      int sent = (int)(n + 10.0 * BIT * count), byte = sent / (10 * BIT), bit = sent / BIT % 10;
      line = bit == 9 || (bit != 0 && (in[byte] >> (bit - 1) & 1));
    }
    top.p_i__rx.set<bool>(line);
    top.p_i__clk.set<bool>(false);
    top.step();
    top.p_i__clk.set<bool>(true);
    top.step();
    bool tx = top.p_o__tx.get<bool>();
    if (seen < 0) {
      if (!tx) seen = 0, wait = BIT + BIT / 2, shift = 0;
    } else if (--wait == 0) {
      wait = BIT;
      if (seen < 8) shift |= tx << seen;
      else if (got < (int)sizeof out) out[got++] = shift;
      seen = seen < 8 ? seen + 1 : -1;
    }
    silent = seen < 0 && n >= 0 ? silent + 1 : 0;
  }
  return got;
}
}
`;
