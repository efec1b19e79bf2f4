/*
 * A graph in the plainest C: every layer computes its whole map with loops over rows, columns, outputs,
 * kernel and inputs, 8-bit values and weights, 32-bit sums. What the printed model is measured against.
 */
#ifndef INT8_H
#define INT8_H

#include <stdint.h>

enum int8_op { INT8_ACCUMULATE, INT8_FIRE, INT8_ATTEND, INT8_POOL };
enum int8_end { INT8_FIRES, INT8_CHARGES, INT8_READS_OUT };
enum int8_type { INT8_I8, INT8_U8, INT8_I16, INT8_I32 };

struct int8_tensor {
  enum int8_type type;
  int rows, columns, channels;
  void *values; /* [row][column][channel] */
};

struct int8_node {
  enum int8_op op;
  enum int8_end end;
  const struct int8_tensor *y, *x, *x1, *x2; /* output; input or queries; residual or keys; values */
  const int8_t *weights;                     /* [out][kernel row][kernel column][input of the group] */
  const int32_t *thresholds;                 /* [channel or 1][level] */
  const int32_t *multiplier, *bias;
  int32_t *sums; /* of attention: k^T v, then one output */
  int kernel_rows, kernel_columns, stride_rows, stride_columns, padding_rows, padding_columns;
  int groups, levels, shared, shift, heads;
};

/* The nodes of a graph, in order. */
void int8_run(const struct int8_node *nodes, int count);

#endif
