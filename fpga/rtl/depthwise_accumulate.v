// acc[c] = sum over the window of w[c][tap] * x[tap][c]: LANES channels side by side, each with its own value, PASSES
// times for all channels. Words of LANES values in, sums in the order of the channels out. A word of zeros takes one clock.
`default_nettype none
module depthwise_accumulate #(
    parameter DATAPATH = 1,    // 0 unary, 1 popcount, 2 dsp
    parameter EVENT = 4,       // bits of a value as it comes
    parameter SIGNED = 0,      // 1: two's complement, else a count
    parameter LANES = 4,
    parameter PASSES = 1,      // channels = LANES * PASSES
    parameter TAPS = 9,
    parameter TAP = 4,         // bits of a tap's number
    parameter WEIGHT = 8,
    parameter SUM = 20,
    parameter WEIGHT_FILE = ""  // words of LANES weights, [pass][tap]
) (
    input  wire                   i_clk,
    input  wire                   i_rst,
    input  wire                   i_valid,
    output wire                   o_ready,
    input  wire [LANES*EVENT-1:0] i_word,
    input  wire [TAP-1:0]         i_tap,
    input  wire                   i_last,
    output wire                   o_valid,
    input  wire                   i_ready,
    output wire signed [SUM-1:0]  o_sum
);
  localparam VALUE = SIGNED != 0 ? EVENT : EVENT + 1;
  localparam SHIFT = VALUE <= 2 ? 1 : VALUE <= 4 ? 2 : VALUE <= 8 ? 3 : 4;
  localparam WORDS = PASSES * TAPS;
  localparam A = WORDS < 2 ? 1 : $clog2(WORDS);

  generate
    if (LANES < 1) begin : g_lanes
      depthwise_accumulate_LANES_must_be_at_least_1 illegal();
    end
    if (WEIGHT != 4 && WEIGHT != 6 && WEIGHT != 8) begin : g_weight
      depthwise_accumulate_WEIGHT_must_be_4_6_or_8 illegal();
    end
    if (TAPS > (1 << TAP)) begin : g_tap
      depthwise_accumulate_TAP_is_too_narrow illegal();
    end
  endgenerate

  // ---- a word and its weights stay until every lane has added its value
  reg adding_q, last_q, done_q;
  wire [LANES-1:0] lanes_done;
  wire last_addition = &lanes_done;
  wire drain_ready;
  wire room = adding_q ? last_addition && !last_q : !done_q || drain_ready;
  wire needed = i_word != 0 || i_last;
  wire take = i_valid && needed && room;
  assign o_ready = room || !needed;

  always @(posedge i_clk)
    if (i_rst) begin
      adding_q <= 1'b0;
      done_q <= 1'b0;
    end else begin
      if (take) adding_q <= 1'b1;
      else if (last_addition) adding_q <= 1'b0;
      if (adding_q && last_addition && last_q) done_q <= 1'b1;
      else if (drain_ready) done_q <= 1'b0;
    end
  always @(posedge i_clk) if (take) last_q <= i_last;

  // ---- weights: those of the next pass after the last tap
  localparam PASS_N = TAPS < WORDS ? TAPS : 0;
  localparam [A-1:0] PASS = PASS_N[A-1:0];
  localparam LAST_PASS_N = (PASSES - 1) * TAPS;
  localparam [A-1:0] LAST_PASS = LAST_PASS_N[A-1:0];
  reg [A-1:0] pass_q;
  wire [LANES*WEIGHT-1:0] weights;
  wire [A+TAP-1:0] wide_tap = {{A{1'b0}}, i_tap};
  wire unused = &{1'b0, wide_tap[A+TAP-1:A]};

  always @(posedge i_clk)
    if (i_rst) pass_q <= 0;
    else if (take && i_last) pass_q <= pass_q == LAST_PASS ? 0 : pass_q + PASS;

  rom #(.WIDTH(LANES * WEIGHT), .DEPTH(WORDS), .ADDRESS(A), .FILE(WEIGHT_FILE)) weight_words (
      .i_clk(i_clk), .i_read(take), .i_address(pass_q + wide_tap[A-1:0]), .o_data(weights)
  );

  // ---- lanes
  wire signed [LANES*SUM-1:0] sums;
  wire clear = i_rst || (done_q && drain_ready);
  genvar lane;
  generate
    for (lane = 0; lane < LANES; lane = lane + 1) begin : g_lane
      reg signed [VALUE-1:0] value_q;
      wire signed [VALUE-1:0] left, extended;
      wire [SHIFT-1:0] shift;
      wire negate, last_step;
      wire silent = value_q == 0;
      if (SIGNED != 0) begin : g_signed
        assign extended = i_word[lane*EVENT +: EVENT];
      end else begin : g_count
        assign extended = {1'b0, i_word[lane*EVENT +: EVENT]};
      end
      // A lane that has added its value waits as a silent one for the others.
      always @(posedge i_clk)
        if (take) value_q <= extended;
        else value_q <= silent || last_step ? 0 : left;
      assign lanes_done[lane] = silent || last_step;
      spike_steps #(.DATAPATH(DATAPATH), .VALUE(VALUE), .SHIFT(SHIFT)) steps (
          .i_value(value_q), .o_left(left), .o_last(last_step), .o_shift(shift), .o_negate(negate)
      );
      spike_lane #(.DATAPATH(DATAPATH), .VALUE(VALUE), .SHIFT(SHIFT), .OPERAND(WEIGHT), .SUM(SUM)) add (
          .i_clk(i_clk), .i_clear(clear), .i_pass(1'b0), .i_next({SUM{1'b0}}),
          .i_add(adding_q && !silent), .i_operand(weights[lane*WEIGHT +: WEIGHT]),
          .i_shift(shift), .i_negate(negate), .i_value(value_q), .o_sum(sums[lane*SUM +: SUM])
      );
    end
  endgenerate

  drain #(.LANES(LANES), .SUM(SUM)) sums_out (
      .i_clk(i_clk), .i_rst(i_rst), .i_valid(done_q), .o_ready(drain_ready), .i_sums(sums),
      .o_valid(o_valid), .i_ready(i_ready), .o_sum(o_sum)
  );
endmodule
`default_nettype wire
