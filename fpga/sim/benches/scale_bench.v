// Exhaustive: value 4 bits, multiplier 5 bits, bias 5 bits; with hardware multipliers, multipliers of two digits too.
`timescale 1ns / 1ns
module bench;
  parameter DSP = 0;
  localparam MULTIPLIER = DSP ? 17 : 5;
  reg clk = 0, rst = 1, start = 0;
  reg signed [3:0] value;
  reg [MULTIPLIER-1:0] multiplier;
  reg signed [23:0] bias;
  wire done;
  wire signed [23:0] result;
  scale #(.DSP(DSP), .VALUE(4), .MULTIPLIER(MULTIPLIER), .PRODUCT(24)) dut (
      .i_clk(clk), .i_rst(rst), .i_start(start), .i_value(value), .i_multiplier(multiplier), .i_bias(bias),
      .o_done(done), .o_result(result)
  );
  integer v, m, b, t, expected, tested = 0, errors = 0;
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
      for (m = 0; m < 32; m = m + 1)
        for (b = -16; b < 16; b = b + 1) begin
          // Beyond 15 bits the multiplier has a second digit.
          value = v; multiplier = DSP ? m * 4099 : m; bias = 24'bx; start = 1;
          clock;
          start = 0; bias = b; multiplier = {MULTIPLIER{1'bx}};
          clock;
          bias = 24'bx;
          for (t = 0; t < 20 && !done; t = t + 1) clock;
          if (!done) errors = errors + 1;
          clock;
          expected = v * (DSP ? m * 4099 : m) + b;
          if (result !== expected[23:0] || done) errors = errors + 1;
          tested = tested + 1;
        end
    if (errors == 0) $display("right, %0d cases", tested);
    else $display("WRONG %0d", errors);
    $finish;
  end
endmodule
