#include "slots.h"

#include "crc32.h"
#include "platform.h"

/* Marks the image in `incoming` with this CRC and size as the newest. */
struct record {
  uint32_t magic, bytes, crc, check;
};
#define RECORD_MAGIC 0x32435053u /* "SPC2" */
#define CHUNK 256u

_Static_assert(CHUNK % PLATFORM_FLASH_UNIT == 0, "an image is copied in whole write units");
_Static_assert(LOADER_SLOT_BYTES % PLATFORM_FLASH_SECTOR == 0, "a slot must be whole sectors");

static const uint8_t *at(uint32_t address) { return (const uint8_t *)(uintptr_t)address; }

/* The header of a complete image in a slot; 0: there is none. */
static const struct image_header *whole(uint32_t slot) {
  const struct image_header *image = (const void *)at(slot);
  if (image->magic != IMAGE_MAGIC || image->board != LOADER_BOARD) return 0;
  if (image->address != LOADER_RUNNING + IMAGE_PROGRAM) return 0;
  if (image->check != crc32(0, at(slot), offsetof(struct image_header, check))) return 0;
  if (image->bytes == 0 || image->bytes > LOADER_SLOT_BYTES - IMAGE_PROGRAM) return 0;
  return image->crc == crc32(0, at(slot + IMAGE_PROGRAM), image->bytes) ? image : 0;
}

static const struct record *recorded(void) {
  const struct record *record = (const void *)at(LOADER_RECORD);
  if (record->magic != RECORD_MAGIC) return 0;
  return record->check == crc32(0, at(LOADER_RECORD), offsetof(struct record, check)) ? record : 0;
}

static int outside(uint32_t offset, uint32_t bytes) {
  return bytes > LOADER_SLOT_BYTES || offset > LOADER_SLOT_BYTES - bytes;
}

const uint8_t *slots_incoming(uint32_t offset, uint32_t bytes) {
  return outside(offset, bytes) ? 0 : at(LOADER_INCOMING + offset);
}

int slots_erase(uint32_t offset, uint32_t bytes) {
  if (outside(offset, bytes)) return -1;
  return platform_flash_erase(LOADER_INCOMING + offset, bytes);
}

int slots_write(uint32_t offset, const uint8_t *bytes, uint32_t n) {
  if (outside(offset, n)) return -1;
  return platform_flash_write(LOADER_INCOMING + offset, bytes, n);
}

static int same(const struct image_header *image, uint32_t bytes, uint32_t crc) {
  return image && image->bytes == bytes && image->crc == crc;
}

int slots_commit(void) {
  const struct image_header *image = whole(LOADER_INCOMING);
  if (!image) return -1;
  const struct record *old = recorded();
  if (old && same(image, old->bytes, old->crc)) return 0;
  uint8_t unit[CHUNK];
  memset(unit, 0xFF, sizeof unit);
  struct record record = {RECORD_MAGIC, image->bytes, image->crc, 0};
  record.check = crc32(0, (const uint8_t *)&record, offsetof(struct record, check));
  memcpy(unit, &record, sizeof record);
  if (platform_flash_erase(LOADER_RECORD, PLATFORM_FLASH_SECTOR)) return -1;
  return platform_flash_write(LOADER_RECORD, unit, sizeof unit);
}

/* Copies `incoming` to `running`. */
static int install(const struct image_header *image) {
  const uint32_t bytes = (IMAGE_PROGRAM + image->bytes + CHUNK - 1) / CHUNK * CHUNK;
  const uint32_t sectors = (bytes + PLATFORM_FLASH_SECTOR - 1) / PLATFORM_FLASH_SECTOR;
  if (platform_flash_erase(LOADER_RUNNING, sectors * PLATFORM_FLASH_SECTOR)) return -1;
  for (uint32_t done = 0; done < bytes; done += CHUNK)
    if (platform_flash_write(LOADER_RUNNING + done, at(LOADER_INCOMING + done), CHUNK)) return -1;
  return 0;
}

uint32_t slots_settle(void) {
  const struct record *record = recorded();
  const struct image_header *running = whole(LOADER_RUNNING);
  /* Without a record, `incoming` is still being written, unless it holds the only complete image. */
  const struct image_header *incoming = record || !running ? whole(LOADER_INCOMING) : 0;
  const int newest = incoming && (!running || same(incoming, record->bytes, record->crc));
  /* If the memory fails, the next start tries again. */
  if (newest && !same(running, incoming->bytes, incoming->crc))
    running = install(incoming) ? 0 : whole(LOADER_RUNNING);
  return running ? LOADER_RUNNING + IMAGE_PROGRAM : 0;
}
