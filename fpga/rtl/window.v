// Window generator: takes a map value by value, [row][column][channel], keeps the rows that a kernel covers, and the next, in
// a ring (line buffers), and gives for each place of the output, for each group, the words of its window,
// [kernel row][kernel column][channel of the group], PACK values at a time. Taps outside the map are passed over in one
// clock each; only a window's last word is always given, as zeros if need be. A row is overwritten as the window leaves it,
// by the next frame's too.
`default_nettype none
module window #(
    parameter VALUE = 4,    // bits of a value
    parameter PACK = 1,     // values of a word; divides the channels of a group
    parameter HEIGHT = 4,   // of the map
    parameter COLUMNS = 4,
    parameter CHANNELS = 1,
    parameter GROUPS = 1,
    parameter OUT_ROWS = 2,
    parameter OUT_COLUMNS = 2,
    parameter KERNEL_ROWS = 3,
    parameter KERNEL_COLUMNS = 3,
    parameter ROW_STRIDE = 1,
    parameter COLUMN_STRIDE = 1,
    parameter ROW_PADDING = 0,
    parameter COLUMN_PADDING = 0,
    parameter TAP = 8,      // bits of a tap's number
    parameter UNIT = 1      // what a word adds to the number: PACK counts values, 1 counts words
) (
    input  wire                  i_clk,
    input  wire                  i_rst,
    input  wire                  i_valid,
    output wire                  o_ready,
    input  wire [VALUE-1:0]      i_value,
    output wire                  o_valid,
    input  wire                  i_ready,
    output wire [PACK*VALUE-1:0] o_word,
    output wire [TAP-1:0]        o_tap,   // number of the word's first value in its window
    output wire                  o_last   // of the window
);
  localparam WORDS = CHANNELS / GROUPS / PACK;  // of a tap
  localparam PLACE = CHANNELS / PACK;           // words of a place of the map
  localparam ROW = COLUMNS * PLACE;
  // Those of a window and those that the next one takes in, so that what comes before need not wait for a row to end.
  localparam ROWS = KERNEL_ROWS + ROW_STRIDE < HEIGHT ? KERNEL_ROWS + ROW_STRIDE : HEIGHT;
  localparam RING = ROWS * ROW;
  localparam A = RING < 2 ? 1 : $clog2(RING);
  localparam K = 2 + $clog2(2 * HEIGHT + COLUMNS + KERNEL_ROWS + KERNEL_COLUMNS + ROW_STRIDE + COLUMN_STRIDE +
                            ROW_PADDING + COLUMN_PADDING);
  localparam I = KERNEL_ROWS < 2 ? 1 : $clog2(KERNEL_ROWS);
  localparam J = KERNEL_COLUMNS < 2 ? 1 : $clog2(KERNEL_COLUMNS);
  localparam D = PLACE < 2 ? 1 : $clog2(PLACE);
  localparam G = GROUPS < 2 ? 1 : $clog2(GROUPS);
  localparam R = OUT_ROWS < 2 ? 1 : $clog2(OUT_ROWS);
  localparam C = OUT_COLUMNS < 2 ? 1 : $clog2(OUT_COLUMNS);

  generate
    if (WORDS * GROUPS * PACK != CHANNELS) begin : g_pack
      window_PACK_must_divide_the_channels_of_a_group illegal();
    end
    if (KERNEL_ROWS * KERNEL_COLUMNS * WORDS * UNIT > (1 << TAP)) begin : g_tap
      window_TAP_is_too_narrow illegal();
    end
    if ((OUT_ROWS - 1) * ROW_STRIDE + KERNEL_ROWS > HEIGHT + 2 * ROW_PADDING ||
        (OUT_COLUMNS - 1) * COLUMN_STRIDE + KERNEL_COLUMNS > COLUMNS + 2 * COLUMN_PADDING) begin : g_size
      window_lies_outside_the_padded_map illegal();
    end
  endgenerate

  localparam [A-1:0] A_ONE = 1;
  localparam RING_LAST_N = RING - 1;
  localparam [A-1:0] RING_LAST = RING_LAST_N[A-1:0];
  localparam RING_N = RING;
  localparam [A:0] RING_END = RING_N[A:0];
  localparam ROW_N = ROW;
  localparam [A:0] ROW_STEP = ROW_N[A:0];
  localparam TOP_STEP_N = (ROW_STRIDE % ROWS) * ROW;
  localparam [A:0] TOP_STEP = TOP_STEP_N[A:0];
  localparam FRAME_STEP_N = (HEIGHT % ROWS) * ROW;
  localparam [A:0] FRAME_STEP = FRAME_STEP_N[A:0];
  localparam FIRST_SLOT = (ROWS - ROW_PADDING % ROWS) % ROWS;
  localparam FIRST_BASE_N = FIRST_SLOT * ROW;
  localparam [A-1:0] FIRST_BASE = FIRST_BASE_N[A-1:0];
  localparam FIRST_COLUMN_AT = -COLUMN_PADDING * PLACE;
  localparam [A-1:0] LEFT_AT = FIRST_COLUMN_AT[A-1:0];
  localparam NEXT_PLACE = COLUMN_STRIDE * PLACE - (GROUPS - 1) * WORDS;
  localparam [A-1:0] LEFT_STEP = NEXT_PLACE[A-1:0];
  localparam GROUP_STEP_N = GROUPS > 1 ? WORDS : 0;
  localparam [A-1:0] GROUP_STEP = GROUP_STEP_N[A-1:0];
  localparam PLACE_STEP_N = RING > PLACE ? PLACE : 0;
  localparam [A-1:0] PLACE_STEP = PLACE_STEP_N[A-1:0];
  localparam signed [K-1:0] ZERO = 0;
  localparam signed [K-1:0] ONE = 1;
  localparam signed [K-1:0] HEIGHT_K = HEIGHT;
  localparam signed [K-1:0] COLUMNS_K = COLUMNS;
  localparam signed [K-1:0] ROWS_K = ROWS;
  localparam signed [K-1:0] ROW_STRIDE_K = ROW_STRIDE;
  localparam signed [K-1:0] COLUMN_STRIDE_K = COLUMN_STRIDE;
  localparam TOP_N = -ROW_PADDING;
  localparam signed [K-1:0] TOP = TOP_N[K-1:0];
  localparam LEFT_N = -COLUMN_PADDING;
  localparam signed [K-1:0] LEFT = LEFT_N[K-1:0];
  localparam WORD_LAST_N = WORDS - 1;
  localparam [D-1:0] WORD_LAST = WORD_LAST_N[D-1:0];
  localparam PLACE_LAST_N = PLACE - 1;
  localparam [D-1:0] PLACE_LAST = PLACE_LAST_N[D-1:0];
  localparam I_LAST_N = KERNEL_ROWS - 1;
  localparam [I-1:0] I_LAST = I_LAST_N[I-1:0];
  localparam J_LAST_N = KERNEL_COLUMNS - 1;
  localparam [J-1:0] J_LAST = J_LAST_N[J-1:0];
  localparam G_LAST_N = GROUPS - 1;
  localparam [G-1:0] G_LAST = G_LAST_N[G-1:0];
  localparam R_LAST_N = OUT_ROWS - 1;
  localparam [R-1:0] R_LAST = R_LAST_N[R-1:0];
  localparam C_LAST_N = OUT_COLUMNS - 1;
  localparam [C-1:0] C_LAST = C_LAST_N[C-1:0];
  localparam [D-1:0] D_ONE = 1;
  localparam [I-1:0] I_ONE = 1;
  localparam [J-1:0] J_ONE = 1;
  localparam [G-1:0] G_ONE = 1;
  localparam [R-1:0] R_ONE = 1;
  localparam [C-1:0] C_ONE = 1;
  localparam [TAP-1:0] WORD_UNIT = UNIT;
  localparam TAP_UNIT_N = KERNEL_ROWS * KERNEL_COLUMNS > 1 ? WORDS * UNIT : 0;
  localparam [TAP-1:0] TAP_UNIT = TAP_UNIT_N[TAP-1:0];

  function [A-1:0] around;
    input [A-1:0] base;
    input [A:0] by;
    reg [A:0] sum;
    begin
      sum = {1'b0, base} + by;
      if (sum >= RING_END) sum = sum - RING_END;
      around = sum[A-1:0];
    end
  endfunction

  // The window: its first row and column, which may lie outside, and where these and the frame's first row lie in the ring.
  reg signed [K-1:0] top_q, left_q;
  reg [A-1:0] base_q, first_base_q, left_at_q;
  reg finished_q;  // every window of the frame has been given
  reg ahead_q;     // what comes in is already of the next frame
  wire restart = i_rst || (finished_q && ahead_q);

  // ---- what comes in
  reg signed [K-1:0] in_row_q, in_column_q;
  reg [D-1:0] in_word_q;
  reg [A-1:0] in_at_q;
  wire in_whole = in_row_q == HEIGHT_K;
  wire few = in_row_q < ROWS_K;
  // Rows beyond those that fit beside the window's first, which the window has left or leaves with this row of the output.
  wire signed [K-1:0] beyond = in_row_q + (ahead_q ? HEIGHT_K : ZERO) - top_q - ROWS_K;
  wire left_behind = beyond[K-1] || (beyond < ROW_STRIDE_K && in_column_q < left_q);
  wire free = finished_q ? !ahead_q : ahead_q ? few && left_behind : few || left_behind;
  assign o_ready = free && !in_whole;

  wire write;
  wire [PACK*VALUE-1:0] in_word;
  generate
    if (PACK == 1) begin : g_single
      assign write = i_valid && o_ready;
      assign in_word = i_value;
    end else begin : g_pack_up
      localparam P = $clog2(PACK);
      localparam P_LAST_N = PACK - 1;
      localparam [P-1:0] P_LAST = P_LAST_N[P-1:0];
      localparam [P-1:0] P_ONE = 1;
      reg [P-1:0] part_q;
      reg [(PACK-1)*VALUE-1:0] parts_q;
      assign in_word = {i_value, parts_q};
      assign write = i_valid && o_ready && part_q == P_LAST;
      always @(posedge i_clk)
        if (i_rst) part_q <= 0;
        else if (i_valid && o_ready) part_q <= part_q == P_LAST ? 0 : part_q + P_ONE;
      always @(posedge i_clk) if (i_valid && o_ready) parts_q <= in_word[PACK*VALUE-1:VALUE];
    end
  endgenerate

  always @(posedge i_clk)
    if (i_rst) begin
      ahead_q <= 1'b0;
      in_row_q <= 0;
      in_column_q <= 0;
      in_word_q <= 0;
      in_at_q <= 0;
    end else if (restart) ahead_q <= 1'b0;
    else if (in_whole && !ahead_q) begin
      ahead_q <= 1'b1;
      in_row_q <= 0;
    end else if (write) begin
      in_at_q <= in_at_q == RING_LAST ? 0 : in_at_q + A_ONE;
      in_word_q <= in_word_q == PLACE_LAST ? 0 : in_word_q + D_ONE;
      if (in_word_q == PLACE_LAST) begin
        in_column_q <= in_column_q == COLUMNS_K - ONE ? 0 : in_column_q + ONE;
        if (in_column_q == COLUMNS_K - ONE) in_row_q <= in_row_q + ONE;
      end
    end

  // ---- what goes out
  reg [R-1:0] out_row_q;
  reg [C-1:0] out_column_q;
  reg [G-1:0] group_q;
  reg [I-1:0] i_q;
  reg [J-1:0] j_q;
  reg [D-1:0] word_q;
  reg [TAP-1:0] tap_q;
  reg signed [K-1:0] row_q, column_q;    // of the tap
  reg [A-1:0] tap_base_q, tap_at_q, at_q;  // of its row in the ring; within a row, of its first word and of the word
  reg valid_q, last_q, zero_q;
  reg [TAP-1:0] shown_q;

  wire on_map = !row_q[K-1] && row_q < HEIGHT_K && !column_q[K-1] && column_q < COLUMNS_K;
  wire written = ahead_q || row_q < in_row_q || (row_q == in_row_q && column_q < in_column_q);
  wire last_tap = i_q == I_LAST && j_q == J_LAST;
  wire next_tap = !on_map || word_q == WORD_LAST;
  wire room = !valid_q || i_ready;
  wire step = !finished_q && (on_map ? written && room : !last_tap || room);
  wire give = step && (on_map || last_tap);
  wire next_window = step && next_tap && last_tap;
  wire last_group = group_q == G_LAST;
  wire last_column = out_column_q == C_LAST;
  wire last_row = out_row_q == R_LAST;

  wire [A-1:0] start_base = i_rst ? FIRST_BASE : around(first_base_q, FRAME_STEP);
  wire [A-1:0] next_base = around(base_q, TOP_STEP);
  wire [A-1:0] next_left_at = !last_group ? left_at_q + GROUP_STEP : last_column ? LEFT_AT : left_at_q + LEFT_STEP;
  wire signed [K-1:0] next_left = !last_group ? left_q : last_column ? LEFT : left_q + COLUMN_STRIDE_K;
  wire next_row = last_group && last_column;

  always @(posedge i_clk)
    if (restart) begin
      finished_q <= 1'b0;
      out_row_q <= 0;
      out_column_q <= 0;
      group_q <= 0;
      top_q <= TOP;
      left_q <= LEFT;
      base_q <= start_base;
      first_base_q <= start_base;
      left_at_q <= LEFT_AT;
    end else if (next_window) begin
      group_q <= last_group ? 0 : group_q + G_ONE;
      left_at_q <= next_left_at;
      left_q <= next_left;
      if (last_group) out_column_q <= last_column ? 0 : out_column_q + C_ONE;
      if (next_row) begin
        out_row_q <= out_row_q + R_ONE;
        top_q <= top_q + ROW_STRIDE_K;
        base_q <= next_base;
        finished_q <= last_row;
      end
    end

  always @(posedge i_clk)
    if (restart || next_window) begin
      i_q <= 0;
      j_q <= 0;
      word_q <= 0;
      tap_q <= 0;
      row_q <= restart ? TOP : next_row ? top_q + ROW_STRIDE_K : top_q;
      column_q <= restart ? LEFT : next_left;
      tap_base_q <= restart ? start_base : next_row ? next_base : base_q;
      tap_at_q <= restart ? LEFT_AT : next_left_at;
      at_q <= restart ? LEFT_AT : next_left_at;
    end else if (step) begin
      tap_q <= tap_q + (on_map ? WORD_UNIT : TAP_UNIT);
      if (!next_tap) begin
        word_q <= word_q + D_ONE;
        at_q <= at_q + A_ONE;
      end else begin
        word_q <= 0;
        if (j_q != J_LAST) begin
          j_q <= j_q + J_ONE;
          column_q <= column_q + ONE;
          tap_at_q <= tap_at_q + PLACE_STEP;
          at_q <= tap_at_q + PLACE_STEP;
        end else begin
          i_q <= i_q + I_ONE;
          j_q <= 0;
          row_q <= row_q + ONE;
          column_q <= left_q;
          tap_base_q <= around(tap_base_q, ROW_STEP);
          tap_at_q <= left_at_q;
          at_q <= left_at_q;
        end
      end
    end

  always @(posedge i_clk)
    if (i_rst) valid_q <= 1'b0;
    else if (give) valid_q <= 1'b1;
    else if (i_ready) valid_q <= 1'b0;

  always @(posedge i_clk)
    if (give) begin
      last_q <= last_tap && next_tap;
      zero_q <= !on_map;
      shown_q <= tap_q;
    end

  wire [PACK*VALUE-1:0] word;
  ram #(.WIDTH(PACK * VALUE), .DEPTH(RING), .ADDRESS(A)) ring (
      .i_clk(i_clk), .i_write(write), .i_write_address(in_at_q), .i_write_data(in_word),
      .i_read(give && on_map), .i_read_address(tap_base_q + at_q), .o_data(word)
  );

  assign o_valid = valid_q;
  assign o_word = zero_q ? {PACK * VALUE{1'b0}} : word;
  assign o_tap = shown_q;
  assign o_last = last_q;
endmodule
`default_nettype wire
