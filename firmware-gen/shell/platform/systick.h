/* Cycles by SysTick, for cores that have no cycle counter. */
#ifndef SPIKELET_SYSTICK_H
#define SPIKELET_SYSTICK_H

/* Starts it; platform_ticks() counts from then. */
void systick_start(void);

#endif
