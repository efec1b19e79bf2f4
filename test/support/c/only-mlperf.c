/* Every byte from the serial port goes to MLPerf Tiny's protocol. */
#include "mlperf.h"
#include "platform.h"
#include "spikelet.h"

int main(void) {
  platform_init();
  mlperf_begin(spikelet_init());
  for (;;) {
    const int byte = platform_read();
    if (byte < 0)
      platform_wait();
    else
      mlperf_byte((uint8_t)byte);
  }
}
