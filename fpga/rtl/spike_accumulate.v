// acc[o] = sum over the window of w[o][tap] * x[tap], event by event: LANES outputs at once, FOLD blocks of them after
// each other with the window's events replayed, for each of GROUPS groups. Words of a window in, sums in the order of
// the outputs out; the next block accumulates while the sums of the last one leave.
`default_nettype none
module spike_accumulate #(
    parameter DATAPATH = 1,    // 0 unary, 1 popcount, 2 dsp
    parameter EVENT = 4,       // bits of a value as it comes
    parameter SIGNED = 0,      // 1: two's complement, else a count
    parameter PACK = 1,        // values of a word
    parameter LANES = 4,
    parameter FOLD = 1,        // outputs of a group = LANES * FOLD
    parameter GROUPS = 1,
    parameter TAPS = 9,        // values of a window
    parameter TAP = 4,         // bits of a tap's number
    parameter WEIGHT = 8,
    parameter SUM = 20,
    parameter WEIGHT_FILE = ""  // words of LANES weights, [group][block][tap]
) (
    input  wire                  i_clk,
    input  wire                  i_rst,
    input  wire                  i_valid,
    output wire                  o_ready,
    input  wire [PACK*EVENT-1:0] i_word,
    input  wire [TAP-1:0]        i_tap,
    input  wire                  i_last,
    output wire                  o_valid,
    input  wire                  i_ready,
    output wire signed [SUM-1:0] o_sum
);
  localparam VALUE = SIGNED != 0 ? EVENT : EVENT + 1;
  localparam SHIFT = VALUE <= 2 ? 1 : VALUE <= 4 ? 2 : VALUE <= 8 ? 3 : 4;
  localparam WORDS = GROUPS * FOLD * TAPS;
  localparam A = WORDS < 2 ? 1 : $clog2(WORDS);

  generate
    if (LANES < 1) begin : g_lanes
      spike_accumulate_LANES_must_be_at_least_1 illegal();
    end
    if (WEIGHT != 4 && WEIGHT != 6 && WEIGHT != 8) begin : g_weight
      spike_accumulate_WEIGHT_must_be_4_6_or_8 illegal();
    end
    if (TAPS > (1 << TAP)) begin : g_tap
      spike_accumulate_TAP_is_too_narrow illegal();
    end
  endgenerate

  // ---- events, found while the ones before are added
  wire select_valid, select_ready, select_last, found_valid, found_ready, found_last;
  wire [EVENT-1:0] select_value, found_value;
  wire [TAP-1:0] select_index, found_index;

  event_select #(.VALUE(EVENT), .PACK(PACK), .INDEX(TAP)) select (
      .i_clk(i_clk), .i_rst(i_rst),
      .i_valid(i_valid), .o_ready(o_ready), .i_word(i_word), .i_index(i_tap), .i_last(i_last),
      .o_valid(select_valid), .i_ready(select_ready), .o_value(select_value), .o_index(select_index), .o_last(select_last)
  );
  fifo #(.WIDTH(EVENT + TAP + 1), .ADDRESS(2)) found (
      .i_clk(i_clk), .i_rst(i_rst),
      .i_valid(select_valid), .o_ready(select_ready), .i_data({select_value, select_index, select_last}),
      .o_valid(found_valid), .i_ready(found_ready), .o_data({found_value, found_index, found_last})
  );

  wire event_valid, event_last;
  wire [EVENT-1:0] event_value;
  wire [TAP-1:0] event_index;
  wire take;
  event_replay #(.VALUE(EVENT), .INDEX(TAP), .DEPTH(TAPS), .FOLD(FOLD)) replay (
      .i_clk(i_clk), .i_rst(i_rst),
      .i_valid(found_valid), .o_ready(found_ready), .i_value(found_value), .i_index(found_index), .i_last(found_last),
      .o_valid(event_valid), .i_ready(take), .o_value(event_value), .o_index(event_index), .o_last(event_last)
  );

  // ---- additions
  reg adding_q, last_q, done_q;
  reg signed [VALUE-1:0] value_q;
  wire signed [VALUE-1:0] value_left;
  wire [SHIFT-1:0] shift;
  wire negate, last_step, drain_ready;
  wire silent = value_q == 0;
  wire last_addition = last_step || silent;
  assign take = event_valid && (adding_q ? last_addition && !last_q : !done_q || drain_ready);
  wire signed [VALUE-1:0] event_extended;
  generate
    if (SIGNED != 0) begin : g_signed
      assign event_extended = event_value;
    end else begin : g_count
      assign event_extended = {1'b0, event_value};
    end
  endgenerate

  spike_steps #(.DATAPATH(DATAPATH), .VALUE(VALUE), .SHIFT(SHIFT)) steps (
      .i_value(value_q), .o_left(value_left), .o_last(last_step), .o_shift(shift), .o_negate(negate)
  );

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

  always @(posedge i_clk)
    if (take) begin
      value_q <= event_extended;
      last_q <= event_last;
    end else if (!last_addition) value_q <= value_left;

  // ---- weights: those of the next block after the last event
  localparam BLOCK_N = TAPS < WORDS ? TAPS : 0;
  localparam [A-1:0] BLOCK = BLOCK_N[A-1:0];
  localparam LAST_BLOCK_N = (GROUPS * FOLD - 1) * TAPS;
  localparam [A-1:0] LAST_BLOCK = LAST_BLOCK_N[A-1:0];
  reg [A-1:0] block_q;
  wire [LANES*WEIGHT-1:0] weights;
  wire [A+TAP-1:0] wide_index = {{A{1'b0}}, event_index};
  wire unused = &{1'b0, wide_index[A+TAP-1:A]};

  always @(posedge i_clk)
    if (i_rst) block_q <= 0;
    else if (take && event_last) block_q <= block_q == LAST_BLOCK ? 0 : block_q + BLOCK;

  rom #(.WIDTH(LANES * WEIGHT), .DEPTH(WORDS), .ADDRESS(A), .FILE(WEIGHT_FILE)) weight_words (
      .i_clk(i_clk), .i_read(take), .i_address(block_q + wide_index[A-1:0]), .o_data(weights)
  );

  // ---- lanes
  wire signed [LANES*SUM-1:0] sums;
  wire clear = i_rst || (done_q && drain_ready);
  genvar lane;
  generate
    for (lane = 0; lane < LANES; lane = lane + 1) begin : g_lane
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
