// Pooling over a whole map: the sum of all places for each channel, as the values come; two clocks for each.
`default_nettype none
module map_sum #(
    parameter VALUE = 16,   // bits of a value as it comes
    parameter SIGNED = 1,   // 1: two's complement, else a count
    parameter CHANNELS = 4,
    parameter PLACES = 16,
    parameter SUM = 20
) (
    input  wire                  i_clk,
    input  wire                  i_rst,
    input  wire                  i_valid,
    output wire                  o_ready,
    input  wire [VALUE-1:0]      i_value,
    output wire                  o_valid,
    input  wire                  i_ready,
    output wire signed [SUM-1:0] o_sum
);
  generate
    if (SUM < VALUE + (SIGNED == 0 ? 1 : 0)) begin : g_illegal
      map_sum_SUM_is_too_narrow illegal();
    end
  endgenerate

  localparam A = CHANNELS < 2 ? 1 : $clog2(CHANNELS);
  localparam P = PLACES < 2 ? 1 : $clog2(PLACES);
  localparam LAST_CHANNEL_N = CHANNELS - 1;
  localparam [A-1:0] LAST_CHANNEL = LAST_CHANNEL_N[A-1:0];
  localparam LAST_PLACE_N = PLACES - 1;
  localparam [P-1:0] LAST_PLACE = LAST_PLACE_N[P-1:0];
  localparam [A-1:0] ONE = 1;
  localparam [P-1:0] P_ONE = 1;

  reg adding_q;  // the sum so far has been read
  reg [A-1:0] channel_q;
  reg [P-1:0] place_q;
  wire signed [SUM-1:0] so_far;
  wire [SUM:0] wide = {{(SUM + 1 - VALUE) {SIGNED != 0 && i_value[VALUE-1]}}, i_value};
  wire unused = &{1'b0, wide[SUM]};
  wire ends = place_q == LAST_PLACE;
  wire take = i_valid && o_ready;

  always @(posedge i_clk)
    if (i_rst) begin
      adding_q <= 1'b0;
      channel_q <= 0;
      place_q <= 0;
    end else begin
      if (!adding_q) adding_q <= i_valid;
      else if (o_ready) adding_q <= 1'b0;
      if (take) begin
        channel_q <= channel_q == LAST_CHANNEL ? 0 : channel_q + ONE;
        if (channel_q == LAST_CHANNEL) place_q <= ends ? 0 : place_q + P_ONE;
      end
    end

  ram #(.WIDTH(SUM), .DEPTH(CHANNELS), .ADDRESS(A)) sums (
      .i_clk(i_clk), .i_write(take && !ends), .i_write_address(channel_q), .i_write_data(o_sum),
      .i_read(!adding_q), .i_read_address(channel_q), .o_data(so_far)
  );

  assign o_ready = adding_q && (!ends || i_ready);
  assign o_valid = adding_q && ends;
  assign o_sum = $signed(wide[SUM-1:0]) + (place_q == 0 ? {SUM{1'b0}} : so_far);
endmodule
`default_nettype wire
