// The FIFO between two layers of the streaming architecture: a few words in registers, more in RAM. In i_stall of 256
// clocks, at random, it takes nothing: back-pressure for simulations; with i_stall tied to 0 that costs no logic.
`default_nettype none
module stream_fifo #(
    parameter WIDTH = 8,
    parameter DEPTH = 2,     // words that it holds at least
    parameter [15:0] SEED = 1  // of the stalls, not 0
) (
    input  wire             i_clk,
    input  wire             i_rst,
    input  wire [7:0]       i_stall,
    output wire             o_stalled,  // it would have taken a word, and did not
    input  wire             i_valid,
    output wire             o_ready,
    input  wire [WIDTH-1:0] i_data,
    output wire             o_valid,
    input  wire             i_ready,
    output wire [WIDTH-1:0] o_data
);
  localparam FEW = 4;
  localparam A = DEPTH < 3 ? 1 : 2;

  generate
    if (SEED == 16'd0) begin : g_illegal
      stream_fifo_SEED_must_not_be_0 illegal();
    end
  endgenerate

  // x^16 + x^14 + x^13 + x^11 + 1
  reg [15:0] random_q;
  always @(posedge i_clk)
    if (i_rst) random_q <= SEED;
    else random_q <= {random_q[14:0], random_q[15] ^ random_q[13] ^ random_q[12] ^ random_q[10]};

  wire room;
  wire stall = random_q[7:0] < i_stall;
  assign o_ready = room && !stall;
  assign o_stalled = i_valid && room && stall;

  generate
    if (DEPTH <= FEW) begin : g_few
      fifo #(.WIDTH(WIDTH), .ADDRESS(A)) words (
          .i_clk(i_clk), .i_rst(i_rst), .i_valid(i_valid && !stall), .o_ready(room), .i_data(i_data),
          .o_valid(o_valid), .i_ready(i_ready), .o_data(o_data)
      );
    end else begin : g_ram
      fifo_ram #(.WIDTH(WIDTH), .DEPTH(DEPTH)) words (
          .i_clk(i_clk), .i_rst(i_rst), .i_valid(i_valid && !stall), .o_ready(room), .i_data(i_data),
          .o_valid(o_valid), .i_ready(i_ready), .o_data(o_data)
      );
    end
  endgenerate

`ifndef SYNTHESIS
  // A word that waits neither goes away nor changes.
  reg waited_q;
  reg [WIDTH-1:0] waiting_q;
  always @(posedge i_clk) begin
    waited_q <= i_valid && !o_ready && !i_rst;
    waiting_q <= i_data;
    if (waited_q && !i_rst && (!i_valid || i_data != waiting_q)) begin
      $display("%m: a waiting word changed");
      $stop;
    end
  end
`endif
endmodule
`default_nettype wire
