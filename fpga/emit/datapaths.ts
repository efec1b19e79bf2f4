/**
 * How an event is added: once per spike, once per set bit of its count, or by multiplying. Ordered as in
 * rtl/spike_steps.v.
 */
export const datapaths = ['unary', 'popcount', 'dsp'] as const;
export type Datapath = (typeof datapaths)[number];
