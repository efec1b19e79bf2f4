/*
 * Second stage of the RP2040's boot: its words, with the CRC that the boot ROM asks for, are in
 * firmware-gen/shell/platform/rp2040-boot2.c. The ROM copies it to RAM and calls it; it makes the flash readable as
 * memory by the plain serial read 03h, which every chip knows, and starts the program behind it.
 */
  .syntax unified
  .cpu cortex-m0plus
  .thumb
  .text
  ldr r3, =0x18000000   /* SSI */
  movs r0, #0
  str r0, [r3, #0x08]   /* SSIENR: off while it is set up */
  movs r0, #4
  str r0, [r3, #0x14]   /* BAUDR: clock / 4 */
  ldr r0, =0x001F0300   /* CTRLR0: serial, frames of 32 bits, EEPROM read */
  str r0, [r3, #0x00]
  movs r0, #0
  str r0, [r3, #0x04]   /* CTRLR1: one frame at a time */
  ldr r0, =0x03000218   /* SPI_CTRLR0: command 03h of 8 bits, address of 24 bits */
  movs r1, #0xF4
  str r0, [r3, r1]
  movs r0, #1
  str r0, [r3, #0x08]   /* SSIENR: on */
  ldr r0, =0x10000100   /* vector table */
  ldr r1, =0xE000ED08   /* VTOR */
  str r0, [r1]
  ldm r0!, {r1, r2}
  msr msp, r1
  bx r2
  .ltorg
