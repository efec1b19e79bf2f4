// y = residual + ((acc * multiplier[c] + bias[c]) >> SHIFT), rounding down, clamped to CLAMP bits where that is not 0:
// one per clock with a multiplier (PARALLEL), or shift and add (scale.v) over as many clocks as the multiplier has bits.
`default_nettype none
module charge #(
    parameter SUM = 20,         // bits of acc
    parameter MULTIPLIER = 16,  // bits of a multiplier, unsigned
    parameter PRODUCT = 32,     // bits of acc * multiplier + bias
    parameter SHIFT = 8,
    parameter RESIDUAL = 0,     // bits of the residual stream, 0: none
    parameter CLAMP = 0,
    parameter OUT = 16,         // bits of y
    parameter CHANNELS = 8,
    parameter PARALLEL = 0,
    parameter FILE = ""        // words of {multiplier, bias}
) (
    input  wire                                        i_clk,
    input  wire                                        i_rst,
    input  wire                                        i_valid,
    output wire                                        o_ready,
    input  wire signed [SUM-1:0]                       i_sum,
    input  wire                                        i_residual_valid,
    output wire                                        o_residual_ready,
    input  wire [(RESIDUAL == 0 ? 1 : RESIDUAL)-1:0]   i_residual,
    output wire                                        o_valid,
    input  wire                                        i_ready,
    output wire signed [OUT-1:0]                       o_value
);
  generate
    if (PRODUCT > 32 || PRODUCT < SUM || RESIDUAL > 32 || OUT > 32 || SHIFT > 31) begin : g_illegal
      charge_needs_SUM_le_PRODUCT_le_32_and_RESIDUAL_OUT_le_32 illegal();
    end
  endgenerate

  localparam A = CHANNELS < 2 ? 1 : $clog2(CHANNELS);
  localparam LAST_N = CHANNELS - 1;
  localparam [A-1:0] LAST = LAST_N[A-1:0];
  localparam [A-1:0] ONE = 1;

  reg signed [SUM-1:0] sum_q;
  reg [A-1:0] channel_q;
  reg valid_q;  // sum_q waits with its constants
  wire take = i_valid && o_ready;
  wire pass, scaled_valid;  // the sum goes on; the scaled one waits
  wire leave = o_valid && i_ready;
  wire [MULTIPLIER-1:0] multiplier;
  wire signed [PRODUCT-1:0] bias, scaled;

  always @(posedge i_clk)
    if (i_rst) begin
      valid_q <= 1'b0;
      channel_q <= 0;
    end else begin
      if (take) channel_q <= channel_q == LAST ? 0 : channel_q + ONE;
      if (take) valid_q <= 1'b1;
      else if (pass) valid_q <= 1'b0;
    end
  always @(posedge i_clk) if (take) sum_q <= i_sum;
  assign o_ready = !valid_q || pass;

  rom #(.WIDTH(MULTIPLIER + PRODUCT), .DEPTH(CHANNELS), .ADDRESS(A), .FILE(FILE)) constants (
      .i_clk(i_clk), .i_read(take), .i_address(channel_q), .o_data({multiplier, bias})
  );

  generate
    if (PARALLEL != 0) begin : g_parallel
      reg full_q;
      reg signed [PRODUCT-1:0] product_q;
      wire signed [SUM+MULTIPLIER:0] product;
      multiply #(.A(SUM), .B(MULTIPLIER + 1), .OUT(SUM + MULTIPLIER + 1)) products (
          .i_a(sum_q), .i_b({1'b0, multiplier}), .o_product(product)
      );
      wire signed [SUM+MULTIPLIER+PRODUCT:0] wide = {{PRODUCT{product[SUM+MULTIPLIER]}}, product};
      wire unused_wide = &{1'b0, wide[SUM+MULTIPLIER+PRODUCT:PRODUCT]};
      assign pass = valid_q && (!full_q || leave);
      always @(posedge i_clk)
        if (i_rst) full_q <= 1'b0;
        else if (pass) full_q <= 1'b1;
        else if (leave) full_q <= 1'b0;
      always @(posedge i_clk) if (pass) product_q <= $signed(wide[PRODUCT-1:0]) + bias;
      assign scaled_valid = full_q;
      assign scaled = product_q;
    end else begin : g_serial
      // The sum and its constants stay until they have been multiplied.
      reg busy_q, full_q;
      wire done;
      wire start = valid_q && !busy_q && (!full_q || leave);
      assign pass = busy_q && done;
      always @(posedge i_clk)
        if (i_rst) begin
          busy_q <= 1'b0;
          full_q <= 1'b0;
        end else begin
          if (start) busy_q <= 1'b1;
          else if (done) busy_q <= 1'b0;
          if (pass) full_q <= 1'b1;
          else if (leave) full_q <= 1'b0;
        end
      scale #(.VALUE(SUM), .MULTIPLIER(MULTIPLIER), .PRODUCT(PRODUCT)) multiply (
          .i_clk(i_clk), .i_rst(i_rst), .i_start(start), .i_value(sum_q), .i_multiplier(multiplier), .i_bias(bias),
          .o_done(done), .o_result(scaled)
      );
      assign scaled_valid = full_q;
    end
  endgenerate

  // ---- shift, residual, clamp: 34 bits hold any sum of two of 32
  wire signed [33:0] wide_scaled = {{(34 - PRODUCT) {scaled[PRODUCT-1]}}, scaled};
  wire signed [33:0] shifted = wide_scaled >>> SHIFT;
  wire signed [33:0] residual;
  wire ready = scaled_valid && i_ready;
  generate
    if (RESIDUAL != 0) begin : g_residual
      assign residual = {{(34 - RESIDUAL) {i_residual[RESIDUAL-1]}}, i_residual};
      assign o_residual_ready = ready;
      assign o_valid = scaled_valid && i_residual_valid;
    end else begin : g_plain
      assign residual = 34'sd0;
      assign o_residual_ready = 1'b0;
      assign o_valid = scaled_valid;
      wire unused_residual = &{1'b0, i_residual, i_residual_valid, ready};
    end
  endgenerate
  wire signed [33:0] charged = shifted + residual;
  wire signed [33:0] clamped;
  generate
    if (CLAMP != 0) begin : g_clamp
      localparam signed [33:0] MOST = (34'sd1 << (CLAMP - 1)) - 34'sd1;
      localparam signed [33:0] LEAST = -(34'sd1 << (CLAMP - 1));
      assign clamped = charged > MOST ? MOST : charged < LEAST ? LEAST : charged;
    end else begin : g_whole
      assign clamped = charged;
    end
  endgenerate
  wire unused = &{1'b0, clamped[33:OUT]};
  assign o_value = clamped[OUT-1:0];
endmodule
`default_nettype wire
