// y = value * multiplier + bias.
//   DSP 0  shift and add, one bit of the multiplier per clock: neither multipliers nor a wide array
//   DSP 1  15 bits of the multiplier per clock, from the top, in a hardware multiplier
`default_nettype none
module scale #(
    parameter DSP = 0,
    parameter VALUE = 20,      // bits of the value, two's complement
    parameter MULTIPLIER = 16, // bits of the multiplier, unsigned
    parameter PRODUCT = 32     // bits of value * multiplier + bias
) (
    input  wire                      i_clk,
    input  wire                      i_rst,
    input  wire                      i_start,
    input  wire signed [VALUE-1:0]   i_value,   // held until done
    input  wire [MULTIPLIER-1:0]     i_multiplier,
    input  wire signed [PRODUCT-1:0] i_bias,    // taken in the clock after i_start
    output wire                      o_done,    // one clock; o_result is right from then on
    output wire signed [PRODUCT-1:0] o_result
);
  generate
    if (PRODUCT < VALUE) begin : g_illegal
      scale_PRODUCT_is_narrower_than_VALUE illegal();
    end
  endgenerate

  reg signed [PRODUCT-1:0] sum_q;
  reg biased_q;  // the bias is here
  assign o_result = sum_q;

  generate
    if (DSP == 0) begin : g_serial
      reg busy_q;
      reg [MULTIPLIER-1:0] multiplier_q;
      reg signed [PRODUCT-1:0] term_q;
      wire last = multiplier_q == 0;

      always @(posedge i_clk)
        if (i_rst) busy_q <= 1'b0;
        else if (i_start) busy_q <= 1'b1;
        else if (o_done) busy_q <= 1'b0;

      always @(posedge i_clk)
        if (i_start) begin
          multiplier_q <= i_multiplier;
          term_q <= {{(PRODUCT - VALUE + 1) {i_value[VALUE-1]}}, i_value[VALUE-2:0]};
          biased_q <= 1'b0;
        end else if (!biased_q) begin
          sum_q <= i_bias;
          biased_q <= 1'b1;
        end else begin
          if (multiplier_q[0]) sum_q <= sum_q + term_q;
          multiplier_q <= multiplier_q >> 1;
          term_q <= term_q <<< 1;
        end

      assign o_done = busy_q && biased_q && last;
    end else begin : g_dsp
      localparam DIGIT = 15;
      localparam DIGITS = (MULTIPLIER + DIGIT - 1) / DIGIT;
      localparam [3:0] LAST = DIGITS[3:0];
      reg [3:0] at_q;  // digits that were multiplied; beyond them: the bias, nothing
      reg [DIGITS*DIGIT-1:0] multiplier_q;
      reg signed [VALUE+DIGIT:0] product_q;
      wire signed [VALUE+DIGIT:0] product;
      wire signed [DIGIT:0] digit = {1'b0, multiplier_q[DIGITS*DIGIT-1-:DIGIT]};
      wire signed [PRODUCT-1:0] term;
      if (PRODUCT > VALUE + DIGIT) begin : g_extend
        assign term = {{(PRODUCT - VALUE - DIGIT) {product_q[VALUE+DIGIT]}}, product_q[VALUE+DIGIT-1:0]};
      end else begin : g_cut
        assign term = product_q[PRODUCT-1:0];
        wire unused = &{1'b0, product_q};
      end
      multiply #(.A(VALUE), .B(DIGIT + 1), .OUT(VALUE + DIGIT + 1)) products (
          .i_a(i_value), .i_b(digit), .o_product(product)
      );
      reg [DIGITS*DIGIT-1:0] wide;
      always @* begin
        wide = 0;
        wide[MULTIPLIER-1:0] = i_multiplier;
      end
      reg signed [PRODUCT-1:0] bias_q;

      always @(posedge i_clk)
        if (i_rst) at_q <= LAST + 4'd2;
        else if (i_start) at_q <= 4'd0;
        else if (at_q != LAST + 4'd2) at_q <= at_q + 4'd1;

      always @(posedge i_clk) biased_q <= i_start;

      always @(posedge i_clk) begin
        if (biased_q) bias_q <= i_bias;
        multiplier_q <= i_start ? wide : multiplier_q << DIGIT;
        product_q <= product;
        if (at_q == 4'd0) sum_q <= 0;
        else if (at_q <= LAST) sum_q <= (sum_q <<< DIGIT) + term;
        else if (at_q == LAST + 4'd1) sum_q <= sum_q + bias_q;
      end

      assign o_done = at_q == LAST + 4'd1;
    end
  endgenerate
endmodule
`default_nettype wire
