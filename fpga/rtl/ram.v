// Memory with one write and one read port; the read takes one clock and holds its word until the next read.
// A word that is written and read in the same clock reads as it was before, or as anything on some parts: the cores never do it.
`default_nettype none
module ram #(
    parameter WIDTH = 8,
    parameter DEPTH = 256,
    parameter ADDRESS = 8,   // bits of an address, DEPTH <= 2^ADDRESS
    parameter FILE = ""      // hex words at start, if any
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
    if (DEPTH > (1 << ADDRESS)) begin : g_illegal
      ram_ADDRESS_is_too_narrow_for_DEPTH illegal();
    end
  endgenerate

  reg [WIDTH-1:0] memory [0:DEPTH-1];
  reg [WIDTH-1:0] data_q;

  generate
    if (|FILE) begin : g_file
      initial $readmemh(FILE, memory);
    end
  endgenerate

  always @(posedge i_clk) if (i_write) memory[i_write_address] <= i_write_data;
  always @(posedge i_clk) if (i_read) data_q <= memory[i_read_address];

  assign o_data = data_q;
endmodule
`default_nettype wire
