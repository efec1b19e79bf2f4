// Constants: the read takes one clock and holds its word until the next. A few words are look-up tables rather than a
// block RAM that they would leave empty.
`default_nettype none
module rom #(
    parameter WIDTH = 8,
    parameter DEPTH = 256,
    parameter ADDRESS = 8,  // bits of an address, DEPTH <= 2^ADDRESS
    parameter FILE = ""     // hex words; zeros without
) (
    input  wire               i_clk,
    input  wire               i_read,
    input  wire [ADDRESS-1:0] i_address,
    output wire [WIDTH-1:0]   o_data
);
  generate
    if (DEPTH > (1 << ADDRESS)) begin : g_illegal
      rom_ADDRESS_is_too_narrow_for_DEPTH illegal();
    end
  endgenerate

  reg [WIDTH-1:0] data_q;
  localparam FEW = 32;
  generate
    if (DEPTH <= FEW) begin : g_logic
      // Padded, so that every address has a word.
      (* ram_style = "logic", rom_style = "logic" *) reg [WIDTH-1:0] memory [0:(1<<ADDRESS)-1];
      if (|FILE) begin : g_file
        initial $readmemh(FILE, memory, 0, DEPTH - 1);
      end else begin : g_zeros
        integer at;
        initial for (at = 0; at < DEPTH; at = at + 1) memory[at] = 0;
      end
      always @(posedge i_clk) if (i_read) data_q <= memory[i_address];
    end else begin : g_block
      reg [WIDTH-1:0] memory [0:DEPTH-1];
      if (|FILE) begin : g_file
        initial $readmemh(FILE, memory, 0, DEPTH - 1);
      end else begin : g_zeros
        integer at;
        initial for (at = 0; at < DEPTH; at = at + 1) memory[at] = 0;
      end
      always @(posedge i_clk) if (i_read) data_q <= memory[i_address];
    end
  endgenerate

  assign o_data = data_q;
endmodule
`default_nettype wire
