/*
 * The device's side of MLPerf Tiny's protocol, for accuracy and performance: commands in ASCII that end in '%', lines of
 * answer of which the last is `m-ready`. Public runners of it are EEMBC's EnergyRunner and benchmark/runner of
 * github.com/mlcommons/tiny.
 *
 *   name%  profile%  help%  timestamp%  db load N%  db HEX%  db print [N] [OFFSET]%  infer [N] [WARMUPS]%  results%
 *
 * Any byte but the end of a line breaks a running `infer` off; it is then taken as ever.
 *
 * An image is SPIKELET_INPUT_BYTES raw pixels 0..255, [row][column][channel]. It is kept in RAM that is left over.
 */
#ifndef SPIKELET_MLPERF_H
#define SPIKELET_MLPERF_H

#include <stdint.h>

/* `problem`: what spikelet_init() found. Where it found one, there are no images. */
void mlperf_begin(int problem);

/* Takes a received byte; where it ends a command, returns when that is carried out and answered. */
void mlperf_byte(uint8_t byte);

#endif
