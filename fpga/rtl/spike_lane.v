// One accumulator: adds the shifted operand, or its product with the value, and passes its sum down a chain.
// SUM is as wide as the graph's proof says, so nothing overflows.
`default_nettype none
module spike_lane #(
    parameter DATAPATH = 1,      // 0 unary, 1 popcount, 2 dsp
    parameter VALUE = 4,
    parameter SHIFT = 3,
    parameter OPERAND = 8,
    parameter SUM = 20
) (
    input  wire                      i_clk,
    input  wire                      i_clear,
    input  wire                      i_pass,    // take the sum of the next lane; not in dsp
    input  wire signed [SUM-1:0]     i_next,
    input  wire                      i_add,
    input  wire signed [OPERAND-1:0] i_operand,
    input  wire [SHIFT-1:0]          i_shift,
    input  wire                      i_negate,
    input  wire signed [VALUE-1:0]   i_value,
    output wire signed [SUM-1:0]     o_sum
);
  reg signed [SUM-1:0] sum_q;
  wire signed [SUM-1:0] term;

  generate
    if (SUM < OPERAND) begin : g_illegal
      spike_lane_SUM_is_narrower_than_OPERAND illegal();
    end
  endgenerate

  generate
    if (DATAPATH == 2) begin : g_dsp
      wire unused = &{1'b0, i_shift, i_negate};
      multiply #(.A(OPERAND), .B(VALUE), .OUT(SUM)) products (.i_a(i_operand), .i_b(i_value), .o_product(term));
      // The accumulator of a hardware multiplier, which clears and adds, and takes no other lane's.
      wire signed [SUM-1:0] sum = sum_q + term;
      wire unused_chain = &{1'b0, i_pass, i_next};
      always @(posedge i_clk) if (i_clear || i_add) sum_q <= i_clear ? {SUM{1'b0}} : sum;
    end else begin : g_add
      wire unused = &{1'b0, i_value};
      wire signed [SUM-1:0] operand = {{(SUM - OPERAND + 1) {i_operand[OPERAND-1]}}, i_operand[OPERAND-2:0]};
      assign term = operand <<< i_shift;
      always @(posedge i_clk)
        if (i_clear) sum_q <= 0;
        else if (i_pass) sum_q <= i_next;
        else if (i_add) sum_q <= i_negate ? sum_q - term : sum_q + term;
    end
  endgenerate

  assign o_sum = sum_q;
endmodule
`default_nettype wire
