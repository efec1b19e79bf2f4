// Takes the sums of all lanes at once and gives them one by one, lane 0 first, while the lanes go on.
`default_nettype none
module drain #(
    parameter LANES = 4,
    parameter SUM = 20
) (
    input  wire                 i_clk,
    input  wire                 i_rst,
    input  wire                 i_valid,
    output wire                 o_ready,
    input  wire [LANES*SUM-1:0] i_sums,
    output wire                 o_valid,
    input  wire                 i_ready,
    output wire [SUM-1:0]       o_sum
);
  localparam N = $clog2(LANES + 1);
  localparam [N-1:0] ALL = LANES;
  localparam [N-1:0] ONE = 1;

  reg [N-1:0] left_q;
  reg [LANES*SUM-1:0] sums_q;
  wire [LANES*SUM+SUM-1:0] shifted = {{SUM{1'b0}}, sums_q};

  wire unused = &{1'b0, shifted[SUM-1:0]};

  always @(posedge i_clk)
    if (i_rst) left_q <= 0;
    else if (i_valid && o_ready) left_q <= ALL;
    else if (o_valid && i_ready) left_q <= left_q - ONE;

  always @(posedge i_clk)
    if (i_valid && o_ready) sums_q <= i_sums;
    else if (i_ready) sums_q <= shifted[LANES*SUM+SUM-1:SUM];

  assign o_ready = left_q == 0 || (left_q == ONE && i_ready);
  assign o_valid = left_q != 0;
  assign o_sum = sums_q[SUM-1:0];
endmodule
`default_nettype wire
