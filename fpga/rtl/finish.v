// What becomes of sums: takes a block of them from the lanes' chain, fires, scales or passes on one after the other, and
// writes the results in order, while the lanes may already add the next block.
//   sum     the value itself
//   fire    how many of LEVELS ascending thresholds it reaches: one comparison per clock, up to the first that it does not
//   scale   (value * multiplier + bias) >> shift; charge adds the residual and may clamp to 16 bits
`default_nettype none
module finish #(
    parameter SUM = 24,          // bits of a sum
    parameter CONSTANT = 32,     // bits of a threshold, multiplier or bias
    parameter CONSTANT_WORDS = 256,
    parameter CONSTANT_FILE = "",
    parameter VALUE = 20,        // bits of a sum that is scaled
    parameter MULTIPLIER = 16,   // bits of a multiplier, unsigned
    parameter PRODUCT = 32,      // bits of value * multiplier + bias
    parameter DSP = 0,           // 1: scale by hardware multipliers
    parameter CHARGES = 2,       // 0: nothing but logits is scaled, 1: membranes too, 2: with residuals
    parameter SHIFT = 16,        // of membranes, and of logits
    parameter LOGIT_SHIFT = 0,
    parameter RESULT = 24,       // bits of what is written, before it is clamped
    parameter MAP = 16,          // bits of a map's word
    parameter A = 16,            // bits of a map address, of a constant's address, of a lane's number
    parameter C = 16,
    parameter LANE = 4
) (
    input  wire                  i_clk,
    input  wire                  i_rst,
    input  wire                  i_begin,    // a step begins
    input  wire                  i_valid,    // a block of sums
    output wire                  o_ready,
    input  wire [LANE-1:0]       i_count,    // how many
    input  wire                  i_last,     // with the last channel of a place
    input  wire signed [SUM-1:0] i_value,    // first of the chain, from the clock after it was taken
    output wire                  o_pass,     // the chain moves on
    output wire                  o_idle,
    // The step: where its constants begin and how far apart they are, where results go, what is added.
    input  wire [1:0]            i_end,      // 0 sum, 1 fire, 2 scale, 3 scale and add the residual
    input  wire [3:0]            i_levels,
    input  wire                  i_clamp,
    input  wire                  i_logits,
    input  wire [C-1:0]          i_c_base,
    input  wire [C-1:0]          i_c_step,
    input  wire [A-1:0]          i_output,
    input  wire [A-1:0]          i_residual,
    // The map; its word comes in the clock after the read.
    output wire                  o_read,
    output wire [A-1:0]          o_read_address,
    input  wire signed [MAP-1:0] i_map,
    output wire                  o_write,
    output wire [A-1:0]          o_write_address,
    output wire [MAP-1:0]        o_write_data,
    // Logits.
    output wire                  o_valid,
    input  wire                  i_ready,
    output wire signed [31:0]    o_data,
    // A result in this clock, and its value; logits are o_data.
    output wire                  o_written,
    output wire signed [RESULT-1:0] o_result
);
  localparam [2:0] IDLE = 0, FIRST = 1, SCALED = 2, CHARGE = 3, CLAMP = 4, WRITE = 5;
  localparam [C-1:0] C_ONE = 1;
  localparam [A-1:0] A_ONE = 1;
  localparam [LANE-1:0] L_ONE = 1;

  generate
    if (PRODUCT < VALUE || SUM < VALUE || CONSTANT < PRODUCT || CONSTANT < SUM) begin : g_width
      finish_needs_VALUE_le_SUM_and_PRODUCT_and_those_le_CONSTANT illegal();
    end
    if (RESULT < MAP) begin : g_result
      finish_RESULT_is_narrower_than_MAP illegal();
    end
  endgenerate

  reg [2:0] state_q;
  reg [LANE-1:0] count_q;
  reg last_q;
  reg [3:0] left_q;  // thresholds that are still to be compared
  reg [C-1:0] c_q, at_q;
  reg [A-1:0] out_q;
  reg signed [RESULT-1:0] result_q;

  wire fires = i_end == 2'd1;
  wire sums = i_end == 2'd0;
  wire first = state_q == FIRST;
  wire writes = state_q == WRITE;
  wire written = writes && (!i_logits || i_ready);
  wire more = count_q != L_ONE;
  wire signed [CONSTANT-1:0] constant;
  wire scale_done;
  wire signed [PRODUCT-1:0] scaled;

  assign o_ready = state_q == IDLE || (writes && !i_logits && !more);
  assign o_idle = state_q == IDLE;
  assign o_pass = written;

  wire reached = i_value >= $signed(constant[SUM-1:0]);

  always @(posedge i_clk)
    if (i_rst) state_q <= IDLE;
    else
      case (state_q)
        IDLE: if (i_valid) state_q <= FIRST;
        FIRST: if (fires ? !reached || left_q == 4'd1 : 1'b1) state_q <= fires || sums ? WRITE : SCALED;
        SCALED: if (scale_done) state_q <= i_logits ? WRITE : CHARGE;
        CHARGE: state_q <= i_clamp ? CLAMP : WRITE;
        CLAMP: state_q <= WRITE;
        default: if (written) state_q <= more || (o_ready && i_valid) ? FIRST : IDLE;
      endcase

  always @(posedge i_clk)
    if (o_ready && i_valid) begin
      count_q <= i_count;
      last_q <= i_last;
    end else if (written) count_q <= count_q - L_ONE;

  always @(posedge i_clk)
    if (first) left_q <= left_q - 4'd1;
    else left_q <= i_levels;

  // ---- constants: one after the other for an output, then those of the next
  wire [C-1:0] c_next = last_q && !more ? i_c_base : c_q + i_c_step;
  wire [C-1:0] c_address = first ? at_q : writes ? c_next : c_q;
  wire c_read = first || writes || state_q == IDLE;

  always @(posedge i_clk)
    if (i_begin) c_q <= i_c_base;
    else if (written) c_q <= c_next;

  always @(posedge i_clk) if (c_read) at_q <= c_address + C_ONE;

  ram #(.WIDTH(CONSTANT), .DEPTH(CONSTANT_WORDS), .ADDRESS(C), .FILE(CONSTANT_FILE)) constants (
      .i_clk(i_clk), .i_write(1'b0), .i_write_address({C{1'b0}}), .i_write_data({CONSTANT{1'b0}}),
      .i_read(c_read), .i_read_address(c_address), .o_data(constant)
  );

  // ---- scaling
  scale #(.DSP(DSP), .VALUE(VALUE), .MULTIPLIER(MULTIPLIER), .PRODUCT(PRODUCT)) scaling (
      .i_clk(i_clk), .i_rst(i_rst), .i_start(first && i_end[1]), .i_value(i_value[VALUE-1:0]),
      .i_multiplier(constant[MULTIPLIER-1:0]), .i_bias(constant[PRODUCT-1:0]),
      .o_done(scale_done), .o_result(scaled)
  );

  // ---- results
  wire signed [SUM-1:0] value = i_value;
  generate
    if (CHARGES == 0) begin : g_counts
      wire unused = &{1'b0, i_map, i_residual, i_clamp, value};
      assign o_read = 1'b0;
      assign o_read_address = 0;
      always @(posedge i_clk)
        if (first) begin
          if (sums) result_q <= {{(RESULT - MAP + 1) {value[MAP-1]}}, value[MAP-2:0]};
          else result_q <= result_q + {{(RESULT - 1) {1'b0}}, fires && reached};
        end else if (!writes || written) result_q <= 0;
    end else begin : g_charges
      wire signed [RESULT-1:0] residual;
      if (CHARGES == 2) begin : g_residual
        reg [A-1:0] residual_at_q;
        reg read_q;
        reg signed [MAP-1:0] residual_q;
        assign o_read = first && i_end == 2'd3;
        assign o_read_address = residual_at_q;
        always @(posedge i_clk) read_q <= o_read;
        always @(posedge i_clk)
          if (read_q) residual_q <= i_map;
          else if (state_q == IDLE) residual_q <= 0;
        always @(posedge i_clk)
          if (i_begin) residual_at_q <= i_residual;
          else if (written) residual_at_q <= residual_at_q + A_ONE;
        assign residual = {{(RESULT - MAP + 1) {residual_q[MAP-1]}}, residual_q[MAP-2:0]};
      end else begin : g_alone
        wire unused = &{1'b0, i_map, i_residual};
        assign o_read = 1'b0;
        assign o_read_address = 0;
        assign residual = 0;
      end
      wire signed [PRODUCT-1:0] shifted = scaled >>> SHIFT;
      wire signed [RESULT+PRODUCT-1:0] extended = {{RESULT{shifted[PRODUCT-1]}}, shifted};
      wire unused_wide = &{1'b0, extended};
      localparam signed [31:0] MOST = 32767, LEAST = -32768;
      wire above, below;
      if (RESULT > 16) begin : g_clamp
        assign above = !result_q[RESULT-1] && |result_q[RESULT-2:15];
        assign below = result_q[RESULT-1] && !(&result_q[RESULT-2:15]);
      end else begin : g_fits
        assign above = 1'b0;
        assign below = 1'b0;
      end
      always @(posedge i_clk)
        if (first) begin
          if (sums) result_q <= {{(RESULT - MAP + 1) {value[MAP-1]}}, value[MAP-2:0]};
          else result_q <= result_q + {{(RESULT - 1) {1'b0}}, fires && reached};
        end else if (state_q == CHARGE) result_q <= extended[RESULT-1:0] + residual;
        else if (state_q == CLAMP) begin
          if (above) result_q <= MOST[RESULT-1:0];
          if (below) result_q <= LEAST[RESULT-1:0];
        end else if (!writes || written) result_q <= 0;
    end
  endgenerate

  always @(posedge i_clk)
    if (i_begin) out_q <= i_output;
    else if (written) out_q <= out_q + A_ONE;

  wire signed [PRODUCT-1:0] logit = scaled >>> LOGIT_SHIFT;
  wire signed [PRODUCT+31:0] logit_wide = {{32{logit[PRODUCT-1]}}, logit};
  wire unused_logit = &{1'b0, logit_wide[PRODUCT+31:32]};
  assign o_write = written && !i_logits;
  assign o_write_address = out_q;
  assign o_write_data = result_q[MAP-1:0];
  assign o_valid = writes && i_logits;
  assign o_data = logit_wide[31:0];
  assign o_written = written;
  assign o_result = result_q;
endmodule
`default_nettype wire
