// Weights as words of one operand per lane. They stand in the bitstream where FILE names them; over the link their
// bytes come in order, low byte first, from address 0 upwards.
`default_nettype none
module weight_memory #(
    parameter WORD = 64,    // bits
    parameter WORDS = 256,
    parameter ADDRESS = 8,
    parameter FILE = "",
    parameter HUGE = 0  // bits of a word, the lower ones, in single-port RAM; then all are loaded over the link
) (
    input  wire               i_clk,
    input  wire               i_load_valid,
    input  wire [31:0]        i_load_address,  // of the byte; 0 begins anew
    input  wire [7:0]         i_load_data,
    input  wire               i_read,
    input  wire [ADDRESS-1:0] i_address,
    output wire [WORD-1:0]    o_data
);
  localparam BYTES = (WORD + 7) / 8;
  localparam BYTE = BYTES < 2 ? 1 : $clog2(BYTES);
  localparam LOWER = (HUGE + 7) / 8;

  // Which byte of which word comes: bits of its address, where words have a power of two of them.
  wire [BYTE-1:0] at;
  wire [ADDRESS-1:0] load_address;
  generate
    if (BYTES == 1) begin : g_byte
      assign at = 0;
      assign load_address = i_load_address[ADDRESS-1:0];
      wire unused = &{1'b0, i_load_address};
    end else if (BYTES == (1 << BYTE)) begin : g_split
      assign at = i_load_address[BYTE-1:0];
      assign load_address = i_load_address[BYTE+:ADDRESS];
      wire unused = &{1'b0, i_load_address};
    end else begin : g_count
      localparam LAST_BYTE = BYTES - 1;
      localparam [BYTE-1:0] LAST = LAST_BYTE[BYTE-1:0], ONE = 1;
      reg [BYTE-1:0] next_q;
      reg [ADDRESS-1:0] address_q;
      wire first = i_load_address == 32'd0;
      assign at = first ? 0 : next_q;
      assign load_address = first ? 0 : address_q;
      always @(posedge i_clk)
        if (i_load_valid) begin
          next_q <= at == LAST ? 0 : at + ONE;
          address_q <= load_address + {{(ADDRESS - 1) {1'b0}}, at == LAST};
        end
    end
  endgenerate

  wire [BYTES-1:0] write;
  genvar lane;
  generate
    for (lane = 0; lane < BYTES; lane = lane + 1) begin : g_write
      localparam [BYTE-1:0] ME = lane;
      assign write[lane] = i_load_valid && at == ME;
    end
  endgenerate

  generate
    if (HUGE > WORD) begin : g_illegal
      weight_memory_HUGE_is_more_than_WORD illegal();
    end
    if (HUGE < WORD && HUGE % 8 != 0) begin : g_straddles
      weight_memory_HUGE_must_be_whole_bytes_or_WORD illegal();
    end
    if (HUGE > 0) begin : g_huge
      byte_ram #(.WIDTH(HUGE), .DEPTH(WORDS), .ADDRESS(ADDRESS), .HUGE(1)) lower (
          .i_clk(i_clk),
          .i_write(write[LOWER-1:0]), .i_write_address(load_address), .i_write_data(i_load_data),
          .i_read(i_read), .i_read_address(i_address), .o_data(o_data[HUGE-1:0])
      );
    end
    if (HUGE < WORD) begin : g_block
      byte_ram #(.WIDTH(WORD - HUGE), .DEPTH(WORDS), .ADDRESS(ADDRESS), .FILE(HUGE > 0 ? "" : FILE)) upper (
          .i_clk(i_clk),
          .i_write(write[BYTES-1:LOWER]), .i_write_address(load_address), .i_write_data(i_load_data),
          .i_read(i_read), .i_read_address(i_address), .o_data(o_data[WORD-1:HUGE])
      );
    end
  endgenerate
endmodule
`default_nettype wire
