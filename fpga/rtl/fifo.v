// First in, first out, with valid/ready on both sides; 2^ADDRESS words, the oldest shown without a read clock.
`default_nettype none
module fifo #(
    parameter WIDTH = 8,
    parameter ADDRESS = 2
) (
    input  wire             i_clk,
    input  wire             i_rst,
    input  wire             i_valid,
    output wire             o_ready,
    input  wire [WIDTH-1:0] i_data,
    output wire             o_valid,
    input  wire             i_ready,
    output wire [WIDTH-1:0] o_data
);
  generate
    if (ADDRESS < 1) begin : g_illegal
      fifo_ADDRESS_must_be_at_least_1 illegal();
    end
  endgenerate

  localparam [ADDRESS:0] ONE = 1;
  reg [WIDTH-1:0] memory [0:(1 << ADDRESS)-1];
  reg [ADDRESS:0] head_q, tail_q;
  wire push = i_valid && o_ready;
  wire pop = o_valid && i_ready;

  always @(posedge i_clk)
    if (i_rst) begin
      head_q <= 0;
      tail_q <= 0;
    end else begin
      if (push) head_q <= head_q + ONE;
      if (pop) tail_q <= tail_q + ONE;
    end

  always @(posedge i_clk) if (push) memory[head_q[ADDRESS-1:0]] <= i_data;

  assign o_ready = head_q != {~tail_q[ADDRESS], tail_q[ADDRESS-1:0]};
  assign o_valid = head_q != tail_q;
  assign o_data = memory[tail_q[ADDRESS-1:0]];
endmodule
`default_nettype wire
