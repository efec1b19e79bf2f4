// The memory of maps. In single-port RAM its words have 16 bits; what is wider lies at the first TOP addresses, whose
// upper bits are kept beside it in block RAM.
`default_nettype none
module map_memory #(
    parameter WIDTH = 16,    // bits, two's complement
    parameter WORDS = 1024,
    parameter ADDRESS = 16,
    parameter HUGE = 0,      // 1: in single-port RAM, never read and written in one clock
    parameter TOP = 0
) (
    input  wire               i_clk,
    input  wire               i_write,
    input  wire [ADDRESS-1:0] i_write_address,
    input  wire [WIDTH-1:0]   i_write_data,
    input  wire               i_read,
    input  wire [ADDRESS-1:0] i_read_address,
    output wire [WIDTH-1:0]   o_data
);
  generate
    if (HUGE != 0 && WIDTH > 16 && TOP > 0 && TOP < WORDS) begin : g_split
      localparam [ADDRESS-1:0] END = TOP;
      wire [15:0] low;
      wire [WIDTH-17:0] high;
      reg high_q;
      always @(posedge i_clk) if (i_read) high_q <= i_read_address < END;
      ram #(.WIDTH(16), .DEPTH(WORDS), .ADDRESS(ADDRESS), .HUGE(1)) lower (
          .i_clk(i_clk), .i_write(i_write), .i_write_address(i_write_address), .i_write_data(i_write_data[15:0]),
          .i_read(i_read), .i_read_address(i_read_address), .o_data(low)
      );
      ram #(.WIDTH(WIDTH - 16), .DEPTH(TOP), .ADDRESS(ADDRESS)) upper (
          .i_clk(i_clk), .i_write(i_write && i_write_address < END), .i_write_address(i_write_address),
          .i_write_data(i_write_data[WIDTH-1:16]),
          .i_read(i_read), .i_read_address(i_read_address), .o_data(high)
      );
      assign o_data = {high_q ? high : {(WIDTH - 16) {low[15]}}, low};
    end else begin : g_whole
      ram #(.WIDTH(WIDTH), .DEPTH(WORDS), .ADDRESS(ADDRESS), .HUGE(HUGE)) words (
          .i_clk(i_clk), .i_write(i_write), .i_write_address(i_write_address), .i_write_data(i_write_data),
          .i_read(i_read), .i_read_address(i_read_address), .o_data(o_data)
      );
    end
  endgenerate
endmodule
`default_nettype wire
