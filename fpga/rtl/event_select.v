// Events of a word: its values that are not zero, one per transfer, lowest first. A word without any takes a clock and gives
// nothing, but for the last of a window, which always ends with a transfer marked last, of value 0 if need be.
`default_nettype none
module event_select #(
    parameter VALUE = 4,
    parameter PACK = 4,
    parameter INDEX = 8
) (
    input  wire                  i_clk,
    input  wire                  i_rst,
    input  wire                  i_valid,
    output wire                  o_ready,
    input  wire [PACK*VALUE-1:0] i_word,
    input  wire [INDEX-1:0]      i_index,  // of the word's first value
    input  wire                  i_last,
    output wire                  o_valid,
    input  wire                  i_ready,
    output wire [VALUE-1:0]      o_value,
    output wire [INDEX-1:0]      o_index,
    output wire                  o_last
);
  reg [PACK-1:0] taken_q;
  reg [PACK-1:0] left;
  reg [VALUE-1:0] value;
  reg [INDEX-1:0] position;
  integer at;

  always @(*) begin
    value = 0;
    position = 0;
    for (at = PACK - 1; at >= 0; at = at - 1) begin
      left[at] = i_word[at*VALUE +: VALUE] != 0 && !taken_q[at];
      if (left[at]) begin
        value = i_word[at*VALUE +: VALUE];
        position = at[INDEX-1:0];
      end
    end
  end

  localparam [PACK-1:0] ONE = 1;
  wire [PACK-1:0] after = left & (left - ONE);
  wire final_one = after == 0;

  always @(posedge i_clk)
    if (i_rst || (i_valid && o_ready)) taken_q <= 0;
    else if (o_valid && i_ready) taken_q <= taken_q | (left & ~after);

  assign o_valid = i_valid && (left != 0 || i_last);
  assign o_ready = final_one && (i_ready || !o_valid);
  assign o_value = value;
  assign o_index = i_index + position;
  assign o_last = i_last && final_one;
endmodule
`default_nettype wire
