/*
 * The second boot stage, which the boot ROM reads from the first 256 bytes of flash: 63 words of code and the
 * CRC that the ROM checks. Its source is test/support/c/rp2040-boot2.S; a test assembles and compares it.
 */
#include "../platform.h"

__attribute__((section(".boot"), used)) static const uint32_t boot2[64] = {
    0x20004B0A, 0x20046098, 0x48096158, 0x20006018, 0x48086058, 0x505821F4,
    0x60982001, 0x49074806, 0xC8066008, 0x8808F381, 0x00004710, 0x18000000,
    0x001F0300, 0x03000218, 0x10000100, 0xE000ED08, [63] = 0xD52C9ADB,
};
