/*
 * The link to the host: frames over the serial port, mixed with text. host/device/link-frames.ts is the
 * host's side.
 *
 * Every byte of a frame has its top bit set, a zero byte ends it, and all other bytes are text. So a lost or
 * damaged byte confuses the two for at most one frame, and frames need no timeout. A frame's bytes are sent
 * in groups of seven: one byte of their top bits (bit n: of the nth), then the lower seven bits of each. They
 * are, low byte first:
 *
 *   sequence u16, kind u8, LINK_VERSION u8, payload (LINK_PAYLOAD bytes at most), CRC-32 of all before
 *
 * The host asks, the device answers with the same sequence: with kind + 0x80, or with LINK_ERROR and a
 * payload of (enum link_error u8, kind u8). A request that the host repeats, because its answer did not
 * arrive, has the same sequence, and is answered without being done twice. A damaged frame is answered with
 * LINK_DAMAGED at once.
 */
#ifndef SPIKELET_LINK_H
#define SPIKELET_LINK_H

#include <stdint.h>

#define LINK_VERSION 1u
#define LINK_PAYLOAD 516u
/* Starts a session: requests before it are refused, so that a device that lost its state says so. */
#define LINK_HELLO 1u
#define LINK_ERROR 0xFFu

enum link_error {
  LINK_DAMAGED = 1,    /* the CRC is wrong, or the frame too long; the request is unknown */
  LINK_OTHER_VERSION,  /* the host uses another version */
  LINK_NO_SESSION,     /* no hello since the start */
  LINK_UNKNOWN,        /* no such request */
  LINK_WRONG_SIZE,     /* the payload has the wrong length for the request */
  LINK_OUT_OF_ORDER,   /* pixels are outside the image, or leave a gap */
  LINK_INCOMPLETE,     /* not all pixels have arrived since the last inference */
  LINK_NOT_COMPUTED,   /* nothing has been computed yet */
  LINK_NOT_TRACED,     /* the firmware was compiled without SPIKELET_TRACE */
  LINK_NO_MODEL,       /* spikelet_init() failed: hello says why */
};

/* Takes a received byte; a complete request is answered before this returns. 0: the byte is text. */
int link_take(uint8_t byte);

/* Sends an answer: begin, payload in pieces, end. */
void link_begin(uint8_t kind);
void link_put(const void *bytes, uint32_t n);
void link_put_u32(uint32_t value);
void link_end(void);
void link_refuse(enum link_error error);

/* Implemented by the program: answers a request. `payload` is word-aligned; `repeated`: it was answered
   before. */
void link_request(uint8_t kind, const uint8_t *payload, uint32_t n, int repeated);

#endif
