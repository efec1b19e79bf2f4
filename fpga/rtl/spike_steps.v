// Cuts an event's value into additions, one per clock: acc += (negate ? -w : w) << shift.
//   unary     |value| steps of 1: as a neuron that fires that often
//   popcount  one step per set bit of the magnitude: 1, 2 and 4 take one, 3 takes two
//   dsp       one step, the lanes multiply by the value
`default_nettype none
module spike_steps #(
    parameter DATAPATH = 1,      // 0 unary, 1 popcount, 2 dsp
    parameter VALUE = 4,  // bits, two's complement
    parameter SHIFT = 3   // bits of a shift, 2^SHIFT >= VALUE
) (
    input  wire signed [VALUE-1:0] i_value,  // the event's, then what the last step left
    output wire signed [VALUE-1:0] o_left,
    output wire                    o_last,
    output wire [SHIFT-1:0]        o_shift,
    output wire                    o_negate
);
  localparam signed [VALUE-1:0] ONE = 1;

  generate
    if (DATAPATH == 0) begin : g_unary
      assign o_negate = i_value[VALUE-1];
      assign o_left = i_value[VALUE-1] ? i_value + ONE : i_value - ONE;
      assign o_shift = 0;
      assign o_last = o_left == 0;
    end else if (DATAPATH == 1) begin : g_popcount
      // A number and its negative have the same lowest bit; taken away, it brings either nearer to 0.
      wire [VALUE-1:0] bit_alone = i_value & -i_value;
      wire [VALUE-1:0] rest = i_value[VALUE-1] ? i_value + bit_alone : i_value & (i_value - ONE);
      integer at;
      reg [SHIFT-1:0] lowest;
      always @(*) begin
        lowest = 0;
        for (at = VALUE - 1; at >= 0; at = at - 1) if (i_value[at]) lowest = at[SHIFT-1:0];
      end
      assign o_left = rest;
      assign o_shift = lowest;
      assign o_last = rest == 0;
      assign o_negate = i_value[VALUE-1];
    end else if (DATAPATH == 2) begin : g_dsp
      assign o_left = i_value;
      assign o_shift = 0;
      assign o_last = 1'b1;
      assign o_negate = 1'b0;
    end else begin : g_illegal
      spike_steps_DATAPATH_must_be_0_1_or_2 illegal();
    end
  endgenerate
endmodule
`default_nettype wire
