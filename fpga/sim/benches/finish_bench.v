// Exhaustive: two equal blocks of two values, so that constants begin anew. Fire: every pair of 3-bit values against every ascending pair of 3-bit thresholds of
// two channels, with 1 and 2 levels. Scale: every 3-bit value, multiplier, residual and bias of 2 bits, with and without
// the residual. Logits: the same, with every pattern of 4 stalls.
`timescale 1ns / 1ns
module bench;
  parameter DSP = 0;
  reg clk = 0, rst = 1, start = 0, valid = 0, ready = 1, logits = 0;
  reg [1:0] how = 0, count = 0;
  reg [3:0] levels = 0;
  reg [3:0] c_step = 0;
  reg signed [2:0] first = 0, second = 0, chain_0 = 0, chain_1 = 0;
  wire in_ready, pass, idle, read, write, out_valid, written;
  wire [1:0] read_address, write_address;
  reg signed [3:0] memory [0:3];
  reg signed [3:0] read_data = 0;
  reg signed [3:0] results [0:3];
  wire [3:0] write_data;
  wire signed [31:0] data;
  wire signed [4:0] result;
  finish #(
      .SUM(3), .CONSTANT(8), .CONSTANT_WORDS(8), .VALUE(3), .MULTIPLIER(2), .PRODUCT(8), .DSP(DSP), .CHARGES(2),
      .SHIFT(1), .LOGIT_SHIFT(0), .RESULT(5), .MAP(4), .A(2), .C(4), .LANE(2)
  ) dut (
      .i_clk(clk), .i_rst(rst), .i_begin(start), .i_valid(valid), .o_ready(in_ready), .i_count(count), .i_last(1'b1),
      .i_value(chain_0), .o_pass(pass), .o_idle(idle),
      .i_end(how), .i_levels(levels), .i_clamp(1'b0), .i_logits(logits), .i_c_base(4'd0), .i_c_step(c_step),
      .i_output(2'd0), .i_residual(2'd2),
      .o_read(read), .o_read_address(read_address), .i_map(read_data),
      .o_write(write), .o_write_address(write_address), .o_write_data(write_data),
      .o_valid(out_valid), .i_ready(ready), .o_data(data), .o_written(written), .o_result(result)
  );
  integer left, a, b, m, r, n, t, x, y, got, at, tested = 0, errors = 0, waited = 0;
  reg [3:0] stalls;
  task clock;
    begin
      #1 clk = 1;
      if (read) read_data <= memory[read_address];
      if (write) results[write_address] <= write_data;
      if (valid && in_ready) begin
        chain_0 <= first;
        chain_1 <= second;
        valid <= left > 1;
        left <= left - 1;
      end else if (pass) chain_0 <= chain_1;
      #1 clk = 0;
      #1;
    end
  endtask
  task run;
    begin
      start = 1;
      clock;
      start = 0; valid = 1; left = 2; count = 2; got = 0;
      clock;
      for (t = 0; t < 99 && !(idle && !valid); t = t + 1) begin
        ready = t >= 60 || stalls[t % 4];
        #1;
        if (out_valid && !ready) waited = waited + 1;
        if (out_valid && ready) begin
          if (data !== (got % 2 == 0 ? x : y)) errors = errors + 1;
          got = got + 1;
        end
        clock;
      end
      if (!idle || got != (logits ? 4 : 0)) errors = errors + 1;
      if (!logits && (results[2] !== results[0] || results[3] !== results[1])) errors = errors + 1;
      tested = tested + 1;
    end
  endtask
  function integer reached(input integer v, input integer i, input integer j);
    reached = v < i ? 0 : levels == 1 || v < j ? 1 : 2;
  endfunction
  initial begin
    stalls = 15;
    clock;
    rst = 0;
    how = 1;
    for (n = 1; n <= 2; n = n + 1)
      for (a = -4; a < 4; a = a + 1)
        for (b = -4; b < 4; b = b + 1)
          for (x = -4; x < 4; x = x + 1)
            for (y = x; y < 4; y = y + 1) begin
              levels = n; c_step = n; first = a; second = b;
              dut.constants.g_block.memory[0] = x;
              dut.constants.g_block.memory[1] = n == 1 ? ~x : y;
              dut.constants.g_block.memory[2] = ~y;
              dut.constants.g_block.memory[3] = ~x;
              run;
              if (results[0] !== reached(a, x, y) ||
                  results[1] !== (n == 1 ? reached(b, ~x, 0) : reached(b, ~y, ~x))) errors = errors + 1;
            end
    c_step = 2;
    for (n = 0; n < 3; n = n + 1)
      for (a = -4; a < 4; a = a + 1)
        for (m = 0; m < 4; m = m + 1)
          for (b = -2; b < 2; b = b + 1)
            for (r = n == 2 ? 1 : -1; r < 2; r = r + 1)
              for (at = n == 2 ? 0 : 15; at < 16; at = at + 1) begin
                how = n == 1 ? 3 : 2; logits = n == 2; stalls = at; first = a; second = ~a;
                memory[2] = r; memory[3] = -r; memory[0] = r; memory[1] = -r;
                dut.constants.g_block.memory[0] = m;
                dut.constants.g_block.memory[1] = b;
                dut.constants.g_block.memory[2] = 3 - m;
                dut.constants.g_block.memory[3] = -b;
                x = a * m + b;
                y = (-1 - a) * (3 - m) - b;
                run;
                if (!logits && ($signed(results[0]) !== (x >>> 1) + (n == 1 ? r : 0) ||
                    $signed(results[1]) !== (y >>> 1) - (n == 1 ? r : 0))) errors = errors + 1;
              end
    if (errors == 0 && waited > 0) $display("right, %0d cases, %0d stalls", tested, waited);
    else $display("WRONG %0d of %0d, %0d stalls", errors, tested, waited);
    $finish;
  end
endmodule
