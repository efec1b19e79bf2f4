// n = how many of LEVELS ascending thresholds the value reaches, all compared at once: a value per clock. CHANNELS rows of
// thresholds, one after the other; one row serves all channels.
`default_nettype none
module thresholds #(
    parameter WIDTH = 20,     // bits of a value and of a threshold
    parameter LEVELS = 4,
    parameter COUNT = 3,      // bits of a count
    parameter CHANNELS = 1,
    parameter FILE = ""      // words of LEVELS thresholds, the lowest in the lowest bits
) (
    input  wire                    i_clk,
    input  wire                    i_rst,
    input  wire                    i_valid,
    output wire                    o_ready,
    input  wire signed [WIDTH-1:0] i_value,
    output wire                    o_valid,
    input  wire                    i_ready,
    output wire [COUNT-1:0]        o_count
);
  generate
    if (LEVELS >= (1 << COUNT)) begin : g_illegal
      thresholds_COUNT_is_too_narrow_for_LEVELS illegal();
    end
  endgenerate

  localparam A = CHANNELS < 2 ? 1 : $clog2(CHANNELS);
  localparam LAST_N = CHANNELS - 1;
  localparam [A-1:0] LAST = LAST_N[A-1:0];
  localparam [A-1:0] ONE = 1;

  reg valid_q;
  reg signed [WIDTH-1:0] value_q;
  reg [A-1:0] channel_q;
  wire take = i_valid && o_ready;
  wire [LEVELS*WIDTH-1:0] row;

  always @(posedge i_clk)
    if (i_rst) begin
      valid_q <= 1'b0;
      channel_q <= 0;
    end else begin
      if (take) channel_q <= channel_q == LAST ? 0 : channel_q + ONE;
      if (o_ready) valid_q <= i_valid;
    end
  always @(posedge i_clk) if (take) value_q <= i_value;

  rom #(.WIDTH(LEVELS * WIDTH), .DEPTH(CHANNELS), .ADDRESS(A), .FILE(FILE)) rows (
      .i_clk(i_clk), .i_read(take), .i_address(channel_q), .o_data(row)
  );

  wire [LEVELS-1:0] reached;
  genvar level;
  generate
    for (level = 0; level < LEVELS; level = level + 1) begin : g_level
      wire signed [WIDTH-1:0] threshold = row[level*WIDTH +: WIDTH];
      assign reached[level] = value_q >= threshold;
    end
  endgenerate

  integer at;
  localparam [COUNT-1:0] UNIT = 1;
  reg [COUNT-1:0] count;
  always @(*) begin
    count = 0;
    for (at = 0; at < LEVELS; at = at + 1) count = count + (reached[at] ? UNIT : 0);
  end

  assign o_ready = !valid_q || i_ready;
  assign o_valid = valid_q;
  assign o_count = count;
endmodule
`default_nettype wire
