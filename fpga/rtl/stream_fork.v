// One stream to several: each way takes a word when it can, the word goes on when all have it.
`default_nettype none
module stream_fork #(
    parameter WAYS = 2
) (
    input  wire            i_clk,
    input  wire            i_rst,
    input  wire            i_valid,
    output wire            o_ready,
    output wire [WAYS-1:0] o_valid,
    input  wire [WAYS-1:0] i_ready
);
  generate
    if (WAYS < 2) begin : g_illegal
      stream_fork_WAYS_must_be_at_least_2 illegal();
    end
  endgenerate

  reg [WAYS-1:0] taken_q;
  wire [WAYS-1:0] taken = taken_q | i_ready;

  always @(posedge i_clk)
    if (i_rst) taken_q <= 0;
    else if (i_valid) taken_q <= o_ready ? {WAYS{1'b0}} : taken;

  assign o_valid = {WAYS{i_valid}} & ~taken_q;
  assign o_ready = &taken;
endmodule
`default_nettype wire
