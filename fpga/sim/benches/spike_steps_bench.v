// Exhaustive: the steps of every 5-bit value add up to it, in each datapath.
`timescale 1ns / 1ns
module bench;
  parameter DATAPATH = 1;
  reg signed [4:0] value;
  wire signed [4:0] left;
  wire last, negate;
  wire [2:0] shift;
  spike_steps #(.DATAPATH(DATAPATH), .VALUE(5), .SHIFT(3)) dut (
      .i_value(value), .o_left(left), .o_last(last), .o_shift(shift), .o_negate(negate)
  );
  integer v, sum, steps, errors = 0;
  reg ended;
  initial begin
    for (v = -16; v < 16; v = v + 1)
      if (v != 0) begin
        value = v; sum = 0; ended = 0;
        for (steps = 0; steps < 20 && !ended; steps = steps + 1) begin
          #1;
          sum = DATAPATH == 2 ? sum + value : negate ? sum - (1 << shift) : sum + (1 << shift);
          ended = last;
          value = left;
        end
        if (sum != v || !ended) errors = errors + 1;
      end
    if (errors == 0) $display("right");
    else $display("WRONG %0d", errors);
    $finish;
  end
endmodule
