// y = (value * multiplier + bias) >> shift, rounding down; shift and add, one bit of the multiplier per clock, so
// that it takes neither DSP nor a wide array. It ends early where the multiplier has no bits left.
`default_nettype none
module scale #(
    parameter VALUE = 20,      // bits of the value, two's complement
    parameter MULTIPLIER = 16, // bits of the multiplier, unsigned
    parameter PRODUCT = 32     // bits of value * multiplier + bias
) (
    input  wire                      i_clk,
    input  wire                      i_rst,
    input  wire                      i_start,
    input  wire signed [VALUE-1:0]   i_value,
    input  wire [MULTIPLIER-1:0]     i_multiplier,
    input  wire signed [PRODUCT-1:0] i_bias,
    input  wire [4:0]                i_shift,
    output wire                      o_done,   // one clock; o_result is right from then on
    output wire signed [PRODUCT-1:0] o_result
);
  generate
    if (PRODUCT < VALUE) begin : g_illegal
      scale_PRODUCT_is_narrower_than_VALUE illegal();
    end
  endgenerate

  reg busy_q;
  reg shifting_q;
  reg [MULTIPLIER-1:0] multiplier_q;
  reg signed [PRODUCT-1:0] term_q, sum_q;
  reg [4:0] shift_q;
  wire multiplied = multiplier_q == 0;

  always @(posedge i_clk)
    if (i_rst) busy_q <= 1'b0;
    else if (i_start) busy_q <= 1'b1;
    else if (o_done) busy_q <= 1'b0;

  always @(posedge i_clk)
    if (i_start) begin
      multiplier_q <= i_multiplier;
      term_q <= {{(PRODUCT - VALUE + 1) {i_value[VALUE-1]}}, i_value[VALUE-2:0]};
      sum_q <= i_bias;
      shift_q <= i_shift;
      shifting_q <= 1'b0;
    end else if (!shifting_q) begin
      if (multiplied) shifting_q <= 1'b1;
      if (multiplier_q[0]) sum_q <= sum_q + term_q;
      multiplier_q <= multiplier_q >> 1;
      term_q <= term_q <<< 1;
    end else if (shift_q != 5'd0) begin
      sum_q <= sum_q >>> 1;
      shift_q <= shift_q - 5'd1;
    end

  assign o_done = busy_q && shifting_q && shift_q == 5'd0;
  assign o_result = sum_q;
endmodule
`default_nettype wire
