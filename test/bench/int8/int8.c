#include "int8.h"

static int32_t value_at(const struct int8_tensor *tensor, int at) {
  switch (tensor->type) {
    case INT8_I8: return ((const int8_t *)tensor->values)[at];
    case INT8_U8: return ((const uint8_t *)tensor->values)[at];
    case INT8_I16: return ((const int16_t *)tensor->values)[at];
    default: return ((const int32_t *)tensor->values)[at];
  }
}

static void set_value(const struct int8_tensor *tensor, int at, int32_t value) {
  switch (tensor->type) {
    case INT8_I8: ((int8_t *)tensor->values)[at] = (int8_t)value; break;
    case INT8_U8: ((uint8_t *)tensor->values)[at] = (uint8_t)value; break;
    case INT8_I16: ((int16_t *)tensor->values)[at] = (int16_t)(value > 32767 ? 32767 : value < -32768 ? -32768 : value); break;
    default: ((int32_t *)tensor->values)[at] = value;
  }
}

static int reached(const struct int8_node *node, int32_t value, int channel) {
  const int32_t *thresholds = node->thresholds + (node->shared ? 0 : channel * node->levels);
  int n = 0;
  while (n < node->levels && value >= thresholds[n]) n++;
  return n;
}

static void finish(const struct int8_node *node, int at, int channel, int32_t sum) {
  if (node->end == INT8_FIRES) {
    set_value(node->y, at, reached(node, sum, channel));
    return;
  }
  int32_t value = (sum * node->multiplier[channel] + node->bias[channel]) >> node->shift;
  if (node->x1) value += value_at(node->x1, at);
  set_value(node->y, at, value);
}

static void accumulate(const struct int8_node *node) {
  const struct int8_tensor *x = node->x, *y = node->y;
  const int inputs = x->channels / node->groups, outputs = y->channels / node->groups;
  const int row_step = node->kernel_columns * inputs;
  for (int r = 0; r < y->rows; r++)
    for (int c = 0; c < y->columns; c++) {
      const int top = r * node->stride_rows - node->padding_rows;
      const int left = c * node->stride_columns - node->padding_columns;
      for (int o = 0; o < y->channels; o++) {
        const int first = o / outputs * inputs;
        int32_t sum = 0;
        for (int i = 0; i < node->kernel_rows; i++) {
          if (top + i < 0 || top + i >= x->rows) continue;
          for (int j = 0; j < node->kernel_columns; j++) {
            if (left + j < 0 || left + j >= x->columns) continue;
            const int at = ((top + i) * x->columns + left + j) * x->channels + first;
            const int8_t *w = node->weights + (o * node->kernel_rows + i) * row_step + j * inputs;
            if (x->type == INT8_I8) {
              const int8_t *pixels = (const int8_t *)x->values + at;
              for (int n = 0; n < inputs; n++) sum += w[n] * pixels[n];
            } else {
              const uint8_t *counts = (const uint8_t *)x->values + at;
              for (int n = 0; n < inputs; n++) sum += w[n] * counts[n];
            }
          }
        }
        finish(node, (r * y->columns + c) * y->channels + o, o, sum);
      }
    }
}

static void fire(const struct int8_node *node) {
  const struct int8_tensor *y = node->y;
  const int places = y->rows * y->columns;
  for (int p = 0; p < places; p++)
    for (int c = 0; c < y->channels; c++) {
      const int at = p * y->channels + c;
      set_value(y, at, reached(node, value_at(node->x, at), c));
    }
}

static void attend(const struct int8_node *node) {
  const uint8_t *q = node->x->values, *k = node->x1->values, *v = node->x2->values;
  const int channels = node->x->channels, wide = node->x2->channels;
  const int d = channels / node->heads, e = wide / node->heads;
  const int places = node->x->rows * node->x->columns;
  int32_t *products = node->sums, *sums = node->sums + channels * e;
  for (int i = 0; i < channels * e; i++) products[i] = 0;
  for (int p = 0; p < places; p++)
    for (int i = 0; i < channels; i++)
      for (int j = 0; j < e; j++) products[i * e + j] += k[p * channels + i] * v[p * wide + i / d * e + j];
  for (int p = 0; p < places; p++) {
    for (int j = 0; j < wide; j++) sums[j] = 0;
    for (int i = 0; i < channels; i++)
      for (int j = 0; j < e; j++) sums[i / d * e + j] += q[p * channels + i] * products[i * e + j];
    for (int j = 0; j < wide; j++) set_value(node->y, p * wide + j, reached(node, sums[j], j));
  }
}

static void pool(const struct int8_node *node) {
  const struct int8_tensor *x = node->x, *y = node->y;
  for (int r = 0; r < y->rows; r++)
    for (int c = 0; c < y->columns; c++)
      for (int channel = 0; channel < y->channels; channel++) {
        int32_t sum = 0;
        for (int i = 0; i < node->kernel_rows; i++)
          for (int j = 0; j < node->kernel_columns; j++) {
            const int row = r * node->stride_rows + i, column = c * node->stride_columns + j;
            sum += value_at(x, (row * x->columns + column) * x->channels + channel);
          }
        set_value(y, (r * y->columns + c) * y->channels + channel, sum);
      }
}

void int8_run(const struct int8_node *nodes, int count) {
  static void (*const ops[])(const struct int8_node *) = {accumulate, fire, attend, pool};
  for (int i = 0; i < count; i++) ops[nodes[i].op](&nodes[i]);
}
