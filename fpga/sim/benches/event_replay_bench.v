// Windows of 1 to 5 events after each other, stalled at random on both sides: each is given FOLD times.
`timescale 1ns / 1ns
module bench;
  parameter FOLD = 3;
  localparam WINDOWS = 400;
  reg clk = 0, rst = 1, push = 0, ready = 0;
  reg [11:0] events [0:5*WINDOWS-1];  // last, value, index
  integer sizes [0:WINDOWS-1];
  integer total = 0, sent = 0, seed = 1, w, k, errors = 0, waited = 0, t = 0;
  integer window_at = 0, first = 0, pass = 0, at = 0;
  wire in_ready, valid, last;
  wire [2:0] value;
  wire [7:0] index;
  event_replay #(.VALUE(3), .INDEX(8), .DEPTH(5), .FOLD(FOLD)) dut (
      .i_clk(clk), .i_rst(rst), .i_valid(push), .o_ready(in_ready), .i_value(events[sent][10:8]),
      .i_index(events[sent][7:0]), .i_last(events[sent][11]),
      .o_valid(valid), .i_ready(ready), .o_value(value), .o_index(index), .o_last(last)
  );
  always #1 clk = ~clk;
  always @(posedge clk) if (!rst) begin
    t = t + 1;
    if (valid && !ready) waited = waited + 1;
    if (valid && ready) begin
      if ({last, value, index} !== events[first + at]) errors = errors + 1;
      at = at + 1;
      if (at == sizes[window_at]) begin
        at = 0;
        pass = pass + 1;
        if (pass == FOLD) begin
          pass = 0;
          first = first + sizes[window_at];
          window_at = window_at + 1;
        end
      end
    end
    if (push && in_ready) sent = sent + 1;
    push <= sent < total && ((push && !in_ready) || $random(seed) % 3 != 0);
    ready <= $random(seed) % 3 != 0;
    if (window_at == WINDOWS || t == 100000) begin
      if (errors == 0 && waited > 0 && window_at == WINDOWS) $display("right, %0d stalls", waited);
      else $display("WRONG %0d", errors);
      $finish;
    end
  end
  initial begin
    for (w = 0; w < WINDOWS; w = w + 1) begin
      sizes[w] = 1 + ($random(seed) & 255) % 5;
      for (k = 0; k < sizes[w]; k = k + 1) begin
        events[total] = {1'b0, 11'd0} | ($random(seed) & 12'h7ff) | (k == sizes[w] - 1 ? 12'h800 : 12'h0);
        total = total + 1;
      end
    end
    #5 rst = 0;
  end
endmodule
