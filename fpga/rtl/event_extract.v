// Event extraction: keeps the values that are not zero, each with its index, and replays them as often as asked.
// Silence costs no clock after this point. DEPTH values may be pushed between two clears.
`default_nettype none
module event_extract #(
    parameter VALUE = 4,
    parameter INDEX = 10,
    parameter DEPTH = 784,
    parameter ADDRESS = 10
) (
    input  wire             i_clk,
    input  wire             i_clear,   // forget all events
    input  wire             i_valid,
    input  wire [VALUE-1:0] i_value,
    input  wire [INDEX-1:0] i_index,
    input  wire             i_rewind,  // the next replay begins at the first event
    input  wire             i_ready,   // the event shown is taken
    output wire             o_valid,
    output wire [VALUE-1:0] o_value,
    output wire [INDEX-1:0] o_index,
    output wire             o_done     // every event has been taken since the rewind
);
  localparam [ADDRESS:0] ONE = 1;

  reg [ADDRESS:0] count_q, next_q;
  reg valid_q;
  wire push = i_valid && i_value != {VALUE{1'b0}};
  wire more = next_q != count_q;
  wire fetch = more && !i_rewind && (!valid_q || i_ready);

  always @(posedge i_clk)
    if (i_clear) count_q <= 0;
    else if (push) count_q <= count_q + ONE;

  always @(posedge i_clk)
    if (i_clear || i_rewind) begin
      next_q <= 0;
      valid_q <= 1'b0;
    end else if (fetch) begin
      next_q <= next_q + ONE;
      valid_q <= 1'b1;
    end else if (i_ready) valid_q <= 1'b0;

  ram #(.WIDTH(VALUE + INDEX), .DEPTH(DEPTH), .ADDRESS(ADDRESS)) events (
      .i_clk(i_clk),
      .i_write(push),
      .i_write_address(count_q[ADDRESS-1:0]),
      .i_write_data({i_value, i_index}),
      .i_read(fetch),
      .i_read_address(next_q[ADDRESS-1:0]),
      .o_data({o_value, o_index})
  );

  assign o_valid = valid_q;
  assign o_done = !more && !valid_q;
endmodule
`default_nettype wire
