/*
 * The device's side of MLPerf Tiny's protocol, for accuracy and performance: ASCII commands that end in '%',
 * answered in lines, the last of which is `m-ready`. Public runners are EEMBC's EnergyRunner and
 * benchmark/runner of github.com/mlcommons/tiny.
 *
 *   name%  profile%  help%  timestamp%  db load N%  db HEX%  db print [N] [OFFSET]%
 *   infer [N] [WARMUPS]%  results%
 *
 * Any byte except a line end stops a running `infer`; it is then processed as usual.
 *
 * An image is SPIKELET_INPUT_BYTES raw pixels 0..255, [row][column][channel]. It is kept in unused RAM.
 */
#ifndef SPIKELET_MLPERF_H
#define SPIKELET_MLPERF_H

#include <stdint.h>

/* `problem`: the result of spikelet_init(). If it is not 0, images are refused. */
void mlperf_begin(int problem);

/* Takes a received byte; if it ends a command, runs and answers it before returning. */
void mlperf_byte(uint8_t byte);

#endif
