/*
 * Two slots of program memory and a commit record. A new program is written to the slot `incoming`; the
 * running one is in the slot `running`, for which it is linked. Their addresses are printed from the board's
 * data (firmware-gen/loader.ts):
 *
 *   LOADER_RECORD, LOADER_RUNNING, LOADER_INCOMING, LOADER_SLOT_BYTES, LOADER_BOARD
 *
 * Whenever power fails, the next start finds the old program or the new one:
 *   erase or write of `incoming`   the record names another image; `running` is complete and starts
 *   commit                         only a complete image is committed; the record is valid when fully written
 *   install                        `incoming` stays recorded until `running` is complete; the next start retries
 */
#ifndef SPIKELET_SLOTS_H
#define SPIKELET_SLOTS_H

#include <stdint.h>

/* An image as it is sent: this header, padded to IMAGE_PROGRAM bytes, then the program. Little-endian. */
struct image_header {
  uint32_t magic;   /* IMAGE_MAGIC */
  uint32_t board;   /* CRC-32 of the board's name: LOADER_BOARD */
  uint32_t address; /* of the program once installed: LOADER_RUNNING + IMAGE_PROGRAM */
  uint32_t bytes;   /* of the program */
  uint32_t crc;     /* CRC-32 of the program */
  uint32_t check;   /* CRC-32 of the five numbers before */
};
#define IMAGE_MAGIC 0x314B5053u /* "SPK1" */
#define IMAGE_PROGRAM 256u

/* Bytes at an offset in the slot `incoming`; 0 if not all of them are inside it. */
const uint8_t *slots_incoming(uint32_t offset, uint32_t bytes);

/* Change the slot `incoming`. 0: done, -1: outside it, or the memory failed. Erases cover whole sectors. */
int slots_erase(uint32_t offset, uint32_t bytes);
int slots_write(uint32_t offset, const uint8_t *bytes, uint32_t n);

/* Makes the image in `incoming` the newest. -1: it is incomplete, or for another board. */
int slots_commit(void);

/* Installs the newest image if necessary. Returns the address of the program to start, 0 if none is
   complete. */
uint32_t slots_settle(void);

#endif
