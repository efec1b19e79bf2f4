// Frames of random values one after the other, both sides stalled at random: every word of every window against the map.
`timescale 1ns / 1ns
module bench;
  parameter PACK = 1, HEIGHT = 4, COLUMNS = 5, CHANNELS = 2, GROUPS = 1, OUT_ROWS = 4, OUT_COLUMNS = 5;
  parameter KERNEL_ROWS = 3, KERNEL_COLUMNS = 3, ROW_STRIDE = 1, COLUMN_STRIDE = 1, ROW_PADDING = 1, COLUMN_PADDING = 1;
  parameter UNIT = 1, STALL = 100;
  localparam FRAMES = 4, VALUES = HEIGHT * COLUMNS * CHANNELS, DEPTH = CHANNELS / GROUPS, WORDS = DEPTH / PACK;
  reg clk = 0, rst = 1, push = 0, ready = 0;
  reg [5:0] frames [0:FRAMES*VALUES-1];
  integer sent = 0, seed = 1, errors = 0, waits_in = 0, waits_out = 0, t = 0;
  integer frame = 0, row = 0, column = 0, group = 0, i = 0, j = 0, d = 0, k, y, x, place;
  wire in_ready, valid, last;
  wire [6*PACK-1:0] word;
  wire [9:0] tap;
  window #(
      .VALUE(6), .PACK(PACK), .HEIGHT(HEIGHT), .COLUMNS(COLUMNS), .CHANNELS(CHANNELS), .GROUPS(GROUPS),
      .OUT_ROWS(OUT_ROWS), .OUT_COLUMNS(OUT_COLUMNS), .KERNEL_ROWS(KERNEL_ROWS), .KERNEL_COLUMNS(KERNEL_COLUMNS),
      .ROW_STRIDE(ROW_STRIDE), .COLUMN_STRIDE(COLUMN_STRIDE), .ROW_PADDING(ROW_PADDING),
      .COLUMN_PADDING(COLUMN_PADDING), .TAP(10), .UNIT(UNIT)
  ) dut (
      .i_clk(clk), .i_rst(rst), .i_valid(push), .o_ready(in_ready), .i_value(frames[sent < FRAMES * VALUES ? sent : 0]),
      .o_valid(valid), .i_ready(ready), .o_word(word), .o_tap(tap), .o_last(last)
  );
  reg held = 0, on_map, final_word;
  reg [6*PACK-1:0] held_word, expected;

  // The next word of the windows in their order; words outside the map are left out, but for a window's last.
  task next;
    begin
      d = d + 1;
      if (d == WORDS || !on_map) begin d = 0; j = j + 1; end
      if (j == KERNEL_COLUMNS) begin j = 0; i = i + 1; end
      if (i == KERNEL_ROWS) begin i = 0; group = group + 1; end
      if (group == GROUPS) begin group = 0; column = column + 1; end
      if (column == OUT_COLUMNS) begin column = 0; row = row + 1; end
      if (row == OUT_ROWS) begin row = 0; frame = frame + 1; end
    end
  endtask
  task locate;
    begin
      y = row * ROW_STRIDE - ROW_PADDING + i;
      x = column * COLUMN_STRIDE - COLUMN_PADDING + j;
      on_map = y >= 0 && y < HEIGHT && x >= 0 && x < COLUMNS;
      final_word = i == KERNEL_ROWS - 1 && j == KERNEL_COLUMNS - 1 && (d == WORDS - 1 || !on_map);
    end
  endtask

  always #1 clk = ~clk;
  always @(posedge clk) begin
    t <= t + 1;
    if (!rst) begin
      if (push && !in_ready) waits_in = waits_in + 1;
      if (valid && !ready) waits_out = waits_out + 1;
      if (held && (!valid || word !== held_word)) errors = errors + 1;
      held <= valid && !ready;
      held_word <= word;
      if (valid && ready) begin
        locate;
        while (!on_map && !final_word) begin next; locate; end
        place = frame * VALUES + (y * COLUMNS + x) * CHANNELS + group * DEPTH + d * PACK;
        expected = 0;
        if (on_map) for (k = 0; k < PACK; k = k + 1) expected[k*6 +: 6] = frames[place + k];
        if (word !== expected || last !== final_word) errors = errors + 1;
        if (on_map && tap !== ((i * KERNEL_COLUMNS + j) * WORDS + d) * UNIT) errors = errors + 1;
        next;
      end
      if (push && in_ready) sent = sent + 1;
      push <= sent < FRAMES * VALUES && ((push && !in_ready) || ($random(seed) & 255) >= STALL);
      ready <= ($random(seed) & 255) >= STALL;
      if (frame == FRAMES && sent == FRAMES * VALUES) begin
        if (errors == 0 && waits_in > 0 && (waits_out > 0 || STALL == 0)) $display("right, %0d and %0d stalls", waits_in, waits_out);
        else $display("WRONG %0d", errors);
        $finish;
      end
      if (t == 200000) begin
        $display("WRONG: stuck in frame %0d, row %0d, column %0d", frame, row, column);
        $finish;
      end
    end
  end
  initial begin
    for (k = 0; k < FRAMES * VALUES; k = k + 1) frames[k] = $random(seed);
    #5 rst = 0;
  end
endmodule
