// Weights as words of one operand per lane. They stand in the bitstream where FILE names them; over the link their
// bytes come in order, low byte first, from address 0 upwards, and a word is written with its last byte.
`default_nettype none
module weight_memory #(
    parameter WORD = 64,    // bits
    parameter WORDS = 256,
    parameter ADDRESS = 8,
    parameter FILE = "",
    parameter HUGE = 0  // bits of a word, the lower ones, in single-port RAM; then all are loaded over the link
) (
    input  wire               i_clk,
    input  wire               i_rst,
    input  wire               i_load_valid,
    input  wire [31:0]        i_load_address,  // of the byte; 0 begins anew
    input  wire [7:0]         i_load_data,
    input  wire               i_read,
    input  wire [ADDRESS-1:0] i_address,
    output wire [WORD-1:0]    o_data
);
  localparam BYTES = (WORD + 7) / 8;
  localparam LAST_BYTE = BYTES - 1;
  localparam [7:0] LAST = LAST_BYTE[7:0];
  localparam [ADDRESS-1:0] ONE = 1;

  reg [ADDRESS-1:0] address_q;
  reg [7:0] byte_q;
  reg [BYTES*8-1:0] word_q;
  reg write_q;
  wire first = i_load_address == 32'd0;
  wire [BYTES*8+7:0] shifted = {i_load_data, word_q};
  wire unused = &{1'b0, shifted[7:0]};
  wire [7:0] at = first ? 8'd0 : byte_q;

  always @(posedge i_clk) begin
    write_q <= i_load_valid && at == LAST && !i_rst;
    if (i_load_valid) begin
      word_q <= shifted[BYTES*8+7:8];
      byte_q <= at == LAST ? 8'd0 : at + 8'd1;
    end
    if (i_load_valid && first) address_q <= 0;
    else if (write_q) address_q <= address_q + ONE;
  end

  generate
    if (HUGE > WORD) begin : g_illegal
      weight_memory_HUGE_is_more_than_WORD illegal();
    end
    if (HUGE > 0) begin : g_huge
      ram #(.WIDTH(HUGE), .DEPTH(WORDS), .ADDRESS(ADDRESS), .HUGE(1)) lower (
          .i_clk(i_clk),
          .i_write(write_q), .i_write_address(address_q), .i_write_data(word_q[HUGE-1:0]),
          .i_read(i_read), .i_read_address(i_address), .o_data(o_data[HUGE-1:0])
      );
    end
    if (HUGE < WORD) begin : g_block
      ram #(.WIDTH(WORD - HUGE), .DEPTH(WORDS), .ADDRESS(ADDRESS), .FILE(HUGE > 0 ? "" : FILE)) upper (
          .i_clk(i_clk),
          .i_write(write_q), .i_write_address(address_q), .i_write_data(word_q[WORD-1:HUGE]),
          .i_read(i_read), .i_read_address(i_address), .o_data(o_data[WORD-1:HUGE])
      );
    end
  endgenerate
endmodule
`default_nettype wire
