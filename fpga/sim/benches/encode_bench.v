// Every pixel against thresholds that some, all and none reach, as it is and as its complement.
`default_nettype none
`timescale 1ns / 1ns
module bench;
  reg [7:0] pixel = 0;
  wire [3:0] count, complement;
  wire signed [8:0] plain = {pixel[7], pixel}, other = ~{pixel[7], pixel};
  integer at, wrong = 0;

  // -128, -3, 5, 128.
  localparam [134:0] THRESHOLDS = {99'd0, 9'h080, 9'h005, 9'h1fd, 9'h180};
  encode #(.LEVELS(4), .THRESHOLDS(THRESHOLDS), .COMPLEMENT(0)) plainly (.i_pixel(pixel), .o_count(count));
  encode #(.LEVELS(4), .THRESHOLDS(THRESHOLDS), .COMPLEMENT(1)) turned (.i_pixel(pixel), .o_count(complement));

  function [3:0] expected;
    input signed [8:0] value;
    expected = value >= 5 ? 4'd3 : value >= -3 ? 4'd2 : 4'd1;
  endfunction

  initial begin
    for (at = 0; at < 256; at = at + 1) begin
      pixel = at[7:0];
      #1;
      if (count !== expected(plain) || complement !== expected(other)) wrong = wrong + 1;
    end
    if (wrong == 0) $display("right");
    else $display("%0d wrong", wrong);
    $finish;
  end
endmodule
`default_nettype wire
