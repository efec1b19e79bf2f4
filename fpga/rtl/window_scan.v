// Window generator: the addresses of one kernel window, [kernel row][kernel column][depth], one per clock that is
// granted. A tap outside the map is passed over in one clock for all of its depth. Addresses step by adders alone.
`default_nettype none
module window_scan #(
    parameter COUNT = 16,    // bits of a counter
    parameter ADDRESS = 16,  // bits of a map address
    parameter OFFSET = 16,   // bits of an operand address
    parameter LANE = 4,      // bits of a lane's number
    parameter KERNELS = 1    // 0: every window is one tap that lies on the map, so rows and columns vanish
) (
    input  wire               i_clk,
    input  wire               i_rst,
    input  wire               i_start,
    input  wire               i_grant,        // the map can be read in this clock
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
    output wire [OFFSET-1:0]  o_offset,
    output wire [LANE-1:0]    o_lane          // place in the depth, as far as these bits count
);
  localparam [COUNT-1:0] ONE = 1;
  localparam [LANE-1:0] L_ONE = 1;

  reg busy_q;
  reg [COUNT-1:0] left_depth_q;
  reg [LANE-1:0] lane_q;
  reg [ADDRESS-1:0] at_q;
  reg [OFFSET-1:0] offset_q;
  wire on_map, next_tap, last_tap;

  always @(posedge i_clk)
    if (i_rst) busy_q <= 1'b0;
    else if (i_start) busy_q <= 1'b1;
    else if (i_grant && next_tap && last_tap) busy_q <= 1'b0;

  always @(posedge i_clk)
    if (i_start || (i_grant && next_tap)) begin
      left_depth_q <= i_depth;
      lane_q <= 0;
    end else if (i_grant) begin
      left_depth_q <= left_depth_q - ONE;
      lane_q <= lane_q + L_ONE;
    end

  generate
    if (KERNELS != 0) begin : g_kernel
      reg [COUNT-1:0] left_rows_q, left_columns_q, row_q, column_q;
      reg [ADDRESS-1:0] at_row_q, at_column_q;
      reg [OFFSET-1:0] offset_row_q, offset_column_q;
      wire next_row = left_columns_q == ONE;
      // A negative coordinate is a large one, so one comparison per axis tells.
      assign on_map = row_q < i_height && column_q < i_width;
      assign next_tap = !on_map || left_depth_q == ONE;
      assign last_tap = next_row && left_rows_q == ONE;

      always @(posedge i_clk)
        if (i_start) begin
          left_rows_q <= i_kernel_rows;
          left_columns_q <= i_kernel_columns;
          row_q <= i_row;
          column_q <= i_column;
          at_row_q <= i_address;
          at_column_q <= i_address;
          at_q <= i_address;
          offset_row_q <= 0;
          offset_column_q <= 0;
          offset_q <= 0;
        end else if (i_grant) begin
          if (next_tap && next_row) begin
            left_rows_q <= left_rows_q - ONE;
            left_columns_q <= i_kernel_columns;
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
            column_q <= column_q + ONE;
            at_column_q <= at_column_q + i_column_step;
            at_q <= at_column_q + i_column_step;
            offset_column_q <= offset_column_q + i_column_offset;
            offset_q <= offset_column_q + i_column_offset;
          end else begin
            at_q <= at_q + i_depth_step;
            offset_q <= offset_q + i_depth_offset;
          end
        end
    end else begin : g_tap
      wire unused = &{1'b0, i_row, i_column, i_height, i_width, i_kernel_rows, i_kernel_columns, i_row_step,
          i_column_step, i_row_offset, i_column_offset};
      assign on_map = 1'b1;
      assign next_tap = left_depth_q == ONE;
      assign last_tap = 1'b1;

      always @(posedge i_clk)
        if (i_start) begin
          at_q <= i_address;
          offset_q <= 0;
        end else if (i_grant) begin
          at_q <= at_q + i_depth_step;
          offset_q <= offset_q + i_depth_offset;
        end
    end
  endgenerate

  assign o_busy = busy_q;
  assign o_read = busy_q && on_map && i_grant;
  assign o_address = at_q;
  assign o_offset = offset_q;
  assign o_lane = lane_q;
endmodule
`default_nettype wire
