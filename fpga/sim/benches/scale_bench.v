// Exhaustive: value 4 bits, multiplier 3 bits, bias 5 bits, shift 0..3.
`timescale 1ns / 1ns
module bench;
  reg clk = 0, rst = 1, start = 0;
  reg signed [3:0] value;
  reg [2:0] multiplier;
  reg signed [7:0] bias;
  reg [4:0] shift;
  wire done;
  wire signed [7:0] result;
  scale #(.VALUE(4), .MULTIPLIER(3), .PRODUCT(8)) dut (
      .i_clk(clk), .i_rst(rst), .i_start(start), .i_value(value), .i_multiplier(multiplier), .i_bias(bias),
      .i_shift(shift), .o_done(done), .o_result(result)
  );
  integer v, m, b, s, t, expected, tested = 0, errors = 0;
  task clock;
    begin
      #1 clk = 1;
      #1 clk = 0;
      #1;
    end
  endtask
  initial begin
    clock;
    rst = 0;
    for (v = -8; v < 8; v = v + 1)
      for (m = 0; m < 8; m = m + 1)
        for (b = -16; b < 16; b = b + 1)
          for (s = 0; s < 4; s = s + 1) begin
            value = v; multiplier = m; bias = b; shift = s; start = 1;
            clock;
            start = 0;
            for (t = 0; t < 20 && !done; t = t + 1) clock;
            expected = (v * m + b) >>> s;
            if (!done || result !== expected[7:0]) errors = errors + 1;
            tested = tested + 1;
            clock;
          end
    if (errors == 0) $display("right, %0d cases", tested);
    else $display("WRONG %0d", errors);
    $finish;
  end
endmodule
