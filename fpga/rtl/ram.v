// Memory with one write and one read port; the read takes one clock and holds its word until the next read.
// A word that is written and read in the same clock reads as anything: the cores never do it, and iCE40, which cannot read
// the word of before, is spared the logic beside the RAM that would remember it.
`default_nettype none
module ram #(
    parameter WIDTH = 8,
    parameter DEPTH = 256,
    parameter ADDRESS = 8,   // bits of an address, DEPTH <= 2^ADDRESS
    parameter FILE = "",     // hex words at start, if any
    parameter HUGE = 0       // 1: one port for both, for the single-port RAM of iCE40 UltraPlus, which starts empty
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

  localparam USED = DEPTH < 2 ? 1 : $clog2(DEPTH);
  wire [USED-1:0] write_at = i_write_address[USED-1:0];
  wire [USED-1:0] read_at = i_read_address[USED-1:0];
  generate
    if (USED < ADDRESS) begin : g_unused
      wire unused = &{1'b0, i_write_address[ADDRESS-1:USED], i_read_address[ADDRESS-1:USED]};
    end
  endgenerate

  reg [WIDTH-1:0] data_q;

  generate
    if (HUGE != 0) begin : g_huge
      (* ram_style = "huge" *) reg [WIDTH-1:0] memory [0:DEPTH-1];
      wire [USED-1:0] address = i_write ? write_at : read_at;
      always @(posedge i_clk)
        if (i_write) memory[address] <= i_write_data;
        else if (i_read) data_q <= memory[address];
    end else begin : g_block
      reg [WIDTH-1:0] memory [0:DEPTH-1];
      if (|FILE) begin : g_file
        initial $readmemh(FILE, memory);
      end
      always @(posedge i_clk) if (i_write) memory[write_at] <= i_write_data;
      wire collides = i_write && write_at == read_at;
      always @(posedge i_clk) if (i_read) data_q <= collides ? {WIDTH{1'bx}} : memory[read_at];
    end
  endgenerate

  assign o_data = data_q;
endmodule
`default_nettype wire
