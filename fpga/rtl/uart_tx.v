// Sends bytes, 8N1.
`default_nettype none
module uart_tx #(
  parameter DIVIDE = 104  // clocks per bit
) (
  input wire i_clk,
  input wire i_rst,
  input wire i_valid,
  output wire o_ready,
  input wire [7:0] i_data,
  output wire o_tx
);
  localparam WIDTH = $clog2(DIVIDE);
  localparam BIT_N = DIVIDE - 1;
  localparam [WIDTH-1:0] BIT = BIT_N[WIDTH-1:0];

  reg [8:0] shift_q;  // next bit lowest; ones behind the last one are the stop bit and the idle line
  reg [3:0] left_q;  // bits to come; 0: idle
  reg [WIDTH-1:0] wait_q;
  // The line is idle from the first clock, not from the reset.
  initial shift_q = 9'h1ff;
  assign o_ready = left_q == 0;
  assign o_tx = shift_q[0];

  always @(posedge i_clk) begin
    if (i_rst) begin
      shift_q <= 9'h1ff;
      left_q  <= 0;
    end else if (o_ready) begin
      wait_q <= BIT;
      if (i_valid) begin
        shift_q <= {i_data, 1'b0};
        left_q  <= 10;
      end
    end else if (wait_q != 0) wait_q <= wait_q - 1'b1;
    else begin
      wait_q  <= BIT;
      left_q  <= left_q - 1'b1;
      shift_q <= {1'b1, shift_q[8:1]};
    end
  end

  generate
    if (DIVIDE < 4) uart_tx_needs_4_or_more_clocks_per_bit illegal ();
  endgenerate
endmodule
`default_nettype wire
