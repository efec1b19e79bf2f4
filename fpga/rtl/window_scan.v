// Window generator: the addresses of one kernel window, [kernel row][kernel column][depth], one per clock.
// A tap outside the map is passed over in one clock for all of its depth. Addresses step by adders alone.
`default_nettype none
module window_scan #(
    parameter COUNT = 16,    // bits of a counter
    parameter ADDRESS = 16,  // bits of a map address
    parameter OFFSET = 16    // bits of an operand address
) (
    input  wire               i_clk,
    input  wire               i_rst,
    input  wire               i_start,
    input  wire [COUNT-1:0]   i_row,          // of the window's first tap; two's complement, may lie outside
    input  wire [COUNT-1:0]   i_column,
    input  wire [ADDRESS-1:0] i_address,      // of the window's first tap
    input  wire [COUNT-1:0]   i_height,       // of the map
    input  wire [COUNT-1:0]   i_width,
    input  wire [COUNT-1:0]   i_kernel_rows,
    input  wire [COUNT-1:0]   i_kernel_columns,
    input  wire [COUNT-1:0]   i_depth,
    input  wire [ADDRESS-1:0] i_row_step,     // map address from one tap to the next
    input  wire [ADDRESS-1:0] i_column_step,
    input  wire [ADDRESS-1:0] i_depth_step,
    input  wire [OFFSET-1:0]  i_row_offset,   // operand address from one tap to the next
    input  wire [OFFSET-1:0]  i_column_offset,
    input  wire [OFFSET-1:0]  i_depth_offset,
    output wire               o_busy,
    output wire               o_read,
    output wire [ADDRESS-1:0] o_address,
    output wire [OFFSET-1:0]  o_offset
);
  localparam [COUNT-1:0] ONE = 1;

  reg busy_q;
  reg [COUNT-1:0] left_rows_q, left_columns_q, left_depth_q, row_q, column_q;
  reg [ADDRESS-1:0] at_row_q, at_column_q, at_q;
  reg [OFFSET-1:0] offset_row_q, offset_column_q, offset_q;

  // A negative coordinate is a large one, so one comparison per axis tells.
  wire on_map = row_q < i_height && column_q < i_width;
  wire next_tap = !on_map || left_depth_q == ONE;
  wire next_row = next_tap && left_columns_q == ONE;

  always @(posedge i_clk)
    if (i_rst) busy_q <= 1'b0;
    else if (i_start) busy_q <= 1'b1;
    else if (next_row && left_rows_q == ONE) busy_q <= 1'b0;

  always @(posedge i_clk)
    if (i_start) begin
      left_rows_q <= i_kernel_rows;
      left_columns_q <= i_kernel_columns;
      left_depth_q <= i_depth;
      row_q <= i_row;
      column_q <= i_column;
      at_row_q <= i_address;
      at_column_q <= i_address;
      at_q <= i_address;
      offset_row_q <= 0;
      offset_column_q <= 0;
      offset_q <= 0;
    end else if (next_row) begin
      left_rows_q <= left_rows_q - ONE;
      left_columns_q <= i_kernel_columns;
      left_depth_q <= i_depth;
      row_q <= row_q + ONE;
      column_q <= i_column;
      at_row_q <= at_row_q + i_row_step;
      at_column_q <= at_row_q + i_row_step;
      at_q <= at_row_q + i_row_step;
      offset_row_q <= offset_row_q + i_row_offset;
      offset_column_q <= offset_row_q + i_row_offset;
      offset_q <= offset_row_q + i_row_offset;
    end else if (next_tap) begin
      left_columns_q <= left_columns_q - ONE;
      left_depth_q <= i_depth;
      column_q <= column_q + ONE;
      at_column_q <= at_column_q + i_column_step;
      at_q <= at_column_q + i_column_step;
      offset_column_q <= offset_column_q + i_column_offset;
      offset_q <= offset_column_q + i_column_offset;
    end else begin
      left_depth_q <= left_depth_q - ONE;
      at_q <= at_q + i_depth_step;
      offset_q <= offset_q + i_depth_offset;
    end

  assign o_busy = busy_q;
  assign o_read = busy_q && on_map;
  assign o_address = at_q;
  assign o_offset = offset_q;
endmodule
`default_nettype wire
