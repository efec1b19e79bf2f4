// Thresholds: n = how many of LEVELS ascending thresholds the value reaches; one comparison per clock, ends at the
// first that is not reached. The thresholds come from a memory whose answer takes one clock.
`default_nettype none
module fire_count #(
    parameter WIDTH = 20,
    parameter ADDRESS = 10
) (
    input  wire                    i_clk,
    input  wire                    i_rst,
    input  wire                    i_start,
    input  wire [ADDRESS-1:0]      i_address,    // of the first threshold
    input  wire [3:0]              i_levels,
    input  wire signed [WIDTH-1:0] i_value,      // held until done
    input  wire signed [WIDTH-1:0] i_threshold,
    output wire                    o_read,
    output wire [ADDRESS-1:0]      o_address,
    output wire                    o_done,       // one clock; o_count is right then
    output wire [3:0]              o_count
);
  localparam [ADDRESS-1:0] ONE = 1;

  reg busy_q;
  reg [3:0] count_q;
  reg [ADDRESS-1:0] address_q;
  wire reached = count_q != i_levels && i_value >= i_threshold;

  always @(posedge i_clk)
    if (i_rst) busy_q <= 1'b0;
    else if (i_start) busy_q <= 1'b1;
    else if (!reached) busy_q <= 1'b0;

  always @(posedge i_clk)
    if (i_start) begin
      count_q <= 4'd0;
      address_q <= i_address + ONE;
    end else if (busy_q && reached) begin
      count_q <= count_q + 4'd1;
      address_q <= address_q + ONE;
    end

  assign o_read = i_start || (busy_q && reached);
  assign o_address = i_start ? i_address : address_q;
  assign o_done = busy_q && !reached;
  assign o_count = count_q;
endmodule
`default_nettype wire
