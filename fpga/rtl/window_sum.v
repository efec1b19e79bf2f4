// Pooling: the sum of a window's values, which come one by one.
`default_nettype none
module window_sum #(
    parameter VALUE = 16,  // bits of a value as it comes
    parameter SIGNED = 1,  // 1: two's complement, else a count
    parameter SUM = 20
) (
    input  wire                  i_clk,
    input  wire                  i_rst,
    input  wire                  i_valid,
    output wire                  o_ready,
    input  wire [VALUE-1:0]      i_value,
    input  wire                  i_last,
    output wire                  o_valid,
    input  wire                  i_ready,
    output wire signed [SUM-1:0] o_sum
);
  generate
    if (SUM < VALUE + (SIGNED == 0 ? 1 : 0)) begin : g_illegal
      window_sum_SUM_is_too_narrow illegal();
    end
  endgenerate

  reg valid_q;
  reg signed [SUM-1:0] running_q, sum_q;
  wire [SUM:0] wide = {{(SUM + 1 - VALUE) {SIGNED != 0 && i_value[VALUE-1]}}, i_value};
  wire unused = &{1'b0, wide[SUM]};
  wire signed [SUM-1:0] sum = running_q + $signed(wide[SUM-1:0]);
  wire take = i_valid && o_ready;

  always @(posedge i_clk)
    if (i_rst) begin
      valid_q <= 1'b0;
      running_q <= 0;
    end else begin
      if (take) running_q <= i_last ? 0 : sum;
      if (o_ready) valid_q <= i_valid && i_last;
    end
  always @(posedge i_clk) if (take && i_last) sum_q <= sum;

  assign o_ready = !valid_q || i_ready;
  assign o_valid = valid_q;
  assign o_sum = sum_q;
endmodule
`default_nettype wire
