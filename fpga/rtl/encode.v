// The count that a pixel fires: how many of LEVELS thresholds it reaches, all compared at once.
`default_nettype none
module encode #(
    parameter LEVELS = 4,            // 1 to 15
    parameter [134:0] THRESHOLDS = 0,  // 9 bits each, two's complement, the first lowest; 128 is never reached
    parameter COMPLEMENT = 0         // 1: what is compared is ~pixel
) (
    input  wire [7:0] i_pixel,
    output reg  [3:0] o_count
);
  generate
    if (LEVELS < 1 || LEVELS > 15) begin : g_illegal
      encode_LEVELS_must_be_1_to_15 illegal();
    end
  endgenerate

  wire [7:0] pixel = COMPLEMENT != 0 ? ~i_pixel : i_pixel;
  wire [LEVELS-1:0] reached;
  genvar level;
  generate
    for (level = 0; level < LEVELS; level = level + 1) begin : g_level
      assign reached[level] = $signed({pixel[7], pixel}) >= $signed(THRESHOLDS[9*level+:9]);
    end
  endgenerate

  integer at;
  always @* begin
    o_count = 0;
    for (at = 0; at < LEVELS; at = at + 1) o_count = o_count + {3'd0, reached[at]};
  end
endmodule
`default_nettype wire
