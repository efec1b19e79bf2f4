// First in, first out, with valid/ready on both sides, in RAM: DEPTH words, and one more that is shown.
`default_nettype none
module fifo_ram #(
    parameter WIDTH = 8,
    parameter DEPTH = 16
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
    if (DEPTH < 2) begin : g_illegal
      fifo_ram_DEPTH_must_be_at_least_2 illegal();
    end
  endgenerate

  localparam A = $clog2(DEPTH);
  localparam LAST_N = DEPTH - 1;
  localparam [A-1:0] LAST = LAST_N[A-1:0];
  localparam [A-1:0] ONE = 1;
  localparam [A:0] FULL = DEPTH;

  reg [A-1:0] head_q, tail_q;
  reg [A:0] stored_q;
  reg valid_q;
  wire push = i_valid && o_ready;
  wire fetch = stored_q != 0 && (!valid_q || i_ready);

  always @(posedge i_clk)
    if (i_rst) begin
      head_q <= 0;
      tail_q <= 0;
      stored_q <= 0;
      valid_q <= 1'b0;
    end else begin
      if (push) head_q <= head_q == LAST ? 0 : head_q + ONE;
      if (fetch) tail_q <= tail_q == LAST ? 0 : tail_q + ONE;
      stored_q <= stored_q + {{A{1'b0}}, push} - {{A{1'b0}}, fetch};
      if (fetch) valid_q <= 1'b1;
      else if (i_ready) valid_q <= 1'b0;
    end

  ram #(.WIDTH(WIDTH), .DEPTH(DEPTH), .ADDRESS(A)) words (
      .i_clk(i_clk), .i_write(push), .i_write_address(head_q), .i_write_data(i_data),
      .i_read(fetch), .i_read_address(tail_q), .o_data(o_data)
  );

  assign o_ready = stored_q != FULL;
  assign o_valid = valid_q;
endmodule
`default_nettype wire
