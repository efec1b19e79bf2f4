/* Registers that every Cortex-M has. */
#ifndef SPIKELET_CORTEX_M_H
#define SPIKELET_CORTEX_M_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

#define SYST_CTRL REGISTER(0xE000E010u)
#define SYST_LOAD REGISTER(0xE000E014u)
#define SYST_VALUE REGISTER(0xE000E018u)
#define SCB_ICSR REGISTER(0xE000ED04u)
#define SCB_VTOR REGISTER(0xE000ED08u)
#define SCB_AIRCR REGISTER(0xE000ED0Cu)

#define NVIC_ENABLE(irq) (REGISTER(0xE000E100u + 4u * ((irq) / 32u)) = 1u << ((irq) % 32u))
#define NVIC_DISABLE(irq) (REGISTER(0xE000E180u + 4u * ((irq) / 32u)) = 1u << ((irq) % 32u))
#define NVIC_FORGET(irq) (REGISTER(0xE000E280u + 4u * ((irq) / 32u)) = 1u << ((irq) % 32u))

void platform_uart_interrupt(void);
void platform_systick_interrupt(void);

#endif
