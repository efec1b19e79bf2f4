// Memory that is written by bytes, lowest in a word first, and read by words; the read takes one clock and holds its word
// until the next read. While a byte is written nothing is read.
`default_nettype none
module byte_ram #(
    parameter WIDTH = 64,
    parameter DEPTH = 256,
    parameter ADDRESS = 8,   // bits of an address, DEPTH <= 2^ADDRESS
    parameter FILE = "",     // hex words at start, if any
    parameter HUGE = 0,      // 1: the single-port RAM of iCE40 UltraPlus, which starts empty
    parameter BYTES = (WIDTH + 7) / 8
) (
    input  wire               i_clk,
    input  wire [BYTES-1:0]   i_write,          // which bytes take the data
    input  wire [ADDRESS-1:0] i_write_address,
    input  wire [7:0]         i_write_data,
    input  wire               i_read,
    input  wire [ADDRESS-1:0] i_read_address,
    output wire [WIDTH-1:0]   o_data
);
  generate
    if (DEPTH > (1 << ADDRESS)) begin : g_illegal
      byte_ram_ADDRESS_is_too_narrow_for_DEPTH illegal();
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

  // Bits of a last byte that is not whole, and of one that is.
  localparam REST = WIDTH % 8, LAST = REST == 0 ? 1 : REST, BYTE = WIDTH < 8 ? WIDTH : 8;
  wire unused_data = &{1'b0, i_write_data};
  reg [WIDTH-1:0] data_q;
  integer at;

  generate
    if (HUGE != 0) begin : g_huge
      (* ram_style = "huge" *) reg [WIDTH-1:0] memory [0:DEPTH-1];
      wire [USED-1:0] address = |i_write ? write_at : read_at;
      always @(posedge i_clk) begin
        for (at = 0; at < WIDTH / 8; at = at + 1)
          if (i_write[at]) memory[address][8*at+:BYTE] <= i_write_data[BYTE-1:0];
        if (REST != 0 && i_write[BYTES-1]) memory[address][WIDTH-1-:LAST] <= i_write_data[LAST-1:0];
      end
      always @(posedge i_clk) if (i_read && i_write == 0) data_q <= memory[address];
    end else begin : g_block
      reg [WIDTH-1:0] memory [0:DEPTH-1];
      if (|FILE) begin : g_file
        initial $readmemh(FILE, memory);
      end
      always @(posedge i_clk) begin
        for (at = 0; at < WIDTH / 8; at = at + 1)
          if (i_write[at]) memory[write_at][8*at+:BYTE] <= i_write_data[BYTE-1:0];
        if (REST != 0 && i_write[BYTES-1]) memory[write_at][WIDTH-1-:LAST] <= i_write_data[LAST-1:0];
      end
      always @(posedge i_clk) if (i_read && i_write == 0) data_q <= memory[read_at];
    end
  endgenerate

  assign o_data = data_q;
endmodule
`default_nettype wire
