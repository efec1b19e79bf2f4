/* The cycle counter of Cortex-M4 and M7. */
#ifndef SPIKELET_CYCLES_H
#define SPIKELET_CYCLES_H

/* Starts it; platform_ticks() counts from then. */
void cycles_start(void);

#endif
