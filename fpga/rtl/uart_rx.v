// Receives bytes, 8N1. A line that is high again in the middle of a start bit was a glitch. o_valid is high for one clock per byte; there is no way to hold a sender back.
`default_nettype none
module uart_rx #(
  parameter DIVIDE = 104  // clocks per bit
) (
  input wire i_clk,
  input wire i_rst,
  input wire i_rx,
  output reg o_valid,
  output wire [7:0] o_data
);
  localparam WIDTH = $clog2(DIVIDE);
  localparam BIT_N = DIVIDE - 1, HALF_N = DIVIDE / 2 - 1;
  localparam [WIDTH-1:0] BIT = BIT_N[WIDTH-1:0], HALF = HALF_N[WIDTH-1:0];

  reg [2:0] sync_q;  // two flip-flops against metastability, one to see the falling edge
  reg [WIDTH-1:0] wait_q;
  reg [3:0] left_q;  // bits to come, the start bit's middle and the stop bit included; 0: idle
  reg [7:0] data_q;
  assign o_data = data_q;

  always @(posedge i_clk) begin
    sync_q  <= {sync_q[1:0], i_rx};
    o_valid <= 1'b0;
    if (i_rst) begin
      left_q <= 0;
      sync_q <= 3'b111;
    end else if (left_q == 0) begin
      wait_q <= HALF;
      if (sync_q[2] && !sync_q[1]) left_q <= 10;
    end else if (wait_q != 0) wait_q <= wait_q - 1'b1;
    else begin
      wait_q <= BIT;
      left_q <= left_q == 10 && sync_q[1] ? 4'd0 : left_q - 1'b1;
      // A byte without its stop bit is none.
      if (left_q == 1) o_valid <= sync_q[1];
      else if (left_q != 10) data_q <= {sync_q[1], data_q[7:1]};
    end
  end

  generate
    if (DIVIDE < 4) uart_rx_needs_4_or_more_clocks_per_bit illegal ();
  endgenerate
endmodule
`default_nettype wire
