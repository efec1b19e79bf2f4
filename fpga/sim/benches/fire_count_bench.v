// Exhaustive: every 3-bit value against every ascending pair and triple of 3-bit thresholds.
`timescale 1ns / 1ns
module bench;
  reg clk = 0, rst = 1, start = 0;
  reg [3:0] levels;
  reg signed [2:0] value, threshold;
  reg signed [2:0] memory [0:3];
  wire read, done;
  wire [1:0] address;
  wire [3:0] count;
  fire_count #(.WIDTH(3), .ADDRESS(2)) dut (
      .i_clk(clk), .i_rst(rst), .i_start(start), .i_address(2'd0), .i_levels(levels), .i_value(value),
      .i_threshold(threshold), .o_read(read), .o_address(address), .o_done(done), .o_count(count)
  );
  integer v, a, b, c, n, t, tested = 0, errors = 0;
  task clock;
    begin
      #1;
      clk = 1;
      if (read) threshold <= memory[address];
      #1 clk = 0;
      #1;
    end
  endtask
  initial begin
    clock;
    rst = 0;
    for (v = -4; v < 4; v = v + 1)
      for (a = -4; a < 4; a = a + 1)
        for (b = a; b < 4; b = b + 1)
          for (c = b; c < 4; c = c + 1)
            for (n = 1; n <= 3; n = n + 1) begin
              value = v; levels = n;
              memory[0] = a; memory[1] = b; memory[2] = c;
              start = 1;
              clock;
              start = 0;
              for (t = 0; t < 10 && !done; t = t + 1) clock;
              if (!done || count !== (v >= a) + (v >= b && n > 1) + (v >= c && n > 2)) errors = errors + 1;
              tested = tested + 1;
              clock;
            end
    if (errors == 0) $display("right, %0d cases", tested);
    else $display("WRONG %0d", errors);
    $finish;
  end
endmodule
