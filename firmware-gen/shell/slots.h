/*
 * Two slots of program memory and a commit record. A new program comes into the slot `incoming`; the one that runs lies
 * in the slot `running`, where it is linked. Where they lie is printed from the board's data (firmware-gen/loader.ts):
 *
 *   LOADER_RECORD, LOADER_RUNNING, LOADER_INCOMING, LOADER_SLOT_BYTES, LOADER_BOARD
 *
 * Whenever the power fails, the next start finds the old program or the new one:
 *   erase or write of `incoming`   the record speaks of another image; `running` is whole and starts
 *   commit                         only a whole image is committed; the record counts when its last byte is right
 *   install                        `incoming` is whole and recorded until `running` is: the next start copies again
 */
#ifndef SPIKELET_SLOTS_H
#define SPIKELET_SLOTS_H

#include <stdint.h>

/* An image as it is sent: this header, filled up to IMAGE_PROGRAM bytes, then the program. Little-endian. */
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

/* Bytes at an offset of the slot `incoming`; 0 where they are not all in it. */
const uint8_t *slots_incoming(uint32_t offset, uint32_t bytes);

/* Change the slot `incoming`. 0 = done, -1 = outside of it, or the memory failed. An erase takes whole sectors. */
int slots_erase(uint32_t offset, uint32_t bytes);
int slots_write(uint32_t offset, const uint8_t *bytes, uint32_t n);

/* Makes the image in `incoming` the newest. -1: it is not whole, or of another board. */
int slots_commit(void);

/* Installs the newest image if that is not done. Returns the address of the program to start, 0 where none is whole. */
uint32_t slots_settle(void);

#endif
