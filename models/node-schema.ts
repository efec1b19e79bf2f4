/** The schema of a node of type N, which nodeSchema makes of zod's. Users' compilers see no types of zod, which need the DOM's. */
export type NodeSchema<N> = { parse(value: unknown): N };
