// Gives the events of a window FOLD times, the first time as they come; without folding it is wires.
`default_nettype none
module event_replay #(
    parameter VALUE = 4,
    parameter INDEX = 8,
    parameter DEPTH = 256,  // most events of a window
    parameter FOLD = 2
) (
    input  wire             i_clk,
    input  wire             i_rst,
    input  wire             i_valid,
    output wire             o_ready,
    input  wire [VALUE-1:0] i_value,
    input  wire [INDEX-1:0] i_index,
    input  wire             i_last,
    output wire             o_valid,
    input  wire             i_ready,
    output wire [VALUE-1:0] o_value,
    output wire [INDEX-1:0] o_index,
    output wire             o_last
);
  generate
    if (FOLD < 1) begin : g_illegal
      event_replay_FOLD_must_be_at_least_1 illegal();
    end
    if (FOLD < 2) begin : g_wires
      wire unused = &{1'b0, i_clk, i_rst};
      assign {o_valid, o_value, o_index, o_last} = {i_valid, i_value, i_index, i_last};
      assign o_ready = i_ready;
    end else begin : g_replay
      localparam A = DEPTH < 2 ? 1 : $clog2(DEPTH);
      localparam F = $clog2(FOLD);
      localparam [A-1:0] ONE = 1;
      localparam LAST_N = FOLD - 1;
      localparam [F-1:0] LAST = LAST_N[F-1:0];
      localparam [F-1:0] F_ONE = 1;

      reg [F-1:0] pass_q;
      reg [A-1:0] at_q;
      reg valid_q;  // a stored event is shown
      wire through = pass_q == 0;
      wire pass = o_valid && i_ready;
      wire ends = pass && o_last;
      wire fetch = !through && (!valid_q || (i_ready && !o_last));
      wire [VALUE-1:0] value;
      wire [INDEX-1:0] index;
      wire last;

      always @(posedge i_clk)
        if (i_rst) begin
          pass_q <= 0;
          at_q <= 0;
          valid_q <= 1'b0;
        end else if (ends) begin
          pass_q <= pass_q == LAST ? 0 : pass_q + F_ONE;
          at_q <= 0;
          valid_q <= 1'b0;
        end else begin
          if (through ? pass : fetch) at_q <= at_q + ONE;
          if (fetch) valid_q <= 1'b1;
        end

      ram #(.WIDTH(VALUE + INDEX + 1), .DEPTH(DEPTH), .ADDRESS(A)) events (
          .i_clk(i_clk), .i_write(through && pass), .i_write_address(at_q), .i_write_data({i_value, i_index, i_last}),
          .i_read(fetch), .i_read_address(at_q), .o_data({value, index, last})
      );

      assign o_valid = through ? i_valid : valid_q;
      assign o_ready = through && i_ready;
      assign o_value = through ? i_value : value;
      assign o_index = through ? i_index : index;
      assign o_last = through ? i_last : last;
    end
  endgenerate
endmodule
`default_nettype wire
