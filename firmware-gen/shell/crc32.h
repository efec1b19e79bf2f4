/* CRC-32 (IEEE 802.3), as models/crc32.ts computes it. */
#ifndef SPIKELET_CRC32_H
#define SPIKELET_CRC32_H

#include <stdint.h>

/* `previous`: the CRC of the bytes before these; 0 for the first. */
uint32_t crc32(uint32_t previous, const uint8_t *bytes, uint32_t n);

#endif
