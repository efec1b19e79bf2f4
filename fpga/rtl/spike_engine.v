// The time-multiplexed core: runs one step of a program after the other over one memory of maps. A step is, for every
// place of its output, a window of values times operands, summed, and an end:
//   scan window -> keep events -> for each block of lanes: replay events, add operands -> thresholds or scale -> write
// Convolutions, depthwise and dense layers take weights as operands; both products of attention take counts from the
// map; pooling and firing take values as they are. The addresses of a step come from its program as bases and strides.
`default_nettype none
module spike_engine #(
    parameter LANES = 8,
    parameter DATAPATH = 1,      // 0 unary, 1 popcount, 2 dsp
    parameter WEIGHT = 8,        // bits of a weight
    parameter WEIGHT_WORDS = 256,  // words of LANES weights
    parameter WEIGHT_FILE = "",
    parameter WEIGHT_HUGE = 0,   // 1: weights in single-port RAM (ram.v)
    parameter MAP_HUGE = 0,      // 1: the map in single-port RAM; it is never read and written in one clock
    parameter MAP = 16,          // bits of a map's word, two's complement
    parameter MAP_WORDS = 1024,
    parameter VALUE = 8,         // bits of an event's value, two's complement
    parameter EVENTS = 784,      // most events of a window
    parameter CONSTANT = 32,     // bits of a threshold, multiplier or bias
    parameter CONSTANT_WORDS = 256,
    parameter CONSTANT_FILE = "",
    parameter SUM = 24,          // bits of an accumulator, as proven
    parameter PRODUCT = 32,      // bits of sum * multiplier + bias
    parameter PIXELS = 784,      // values of a frame
    parameter STEPS = 2,
    parameter STEP = 4,          // bits of a step's number
    parameter COUNT = 16,        // bits of a counter, a map address, an operand address, a constant's address
    parameter A = 16,
    parameter B = 16,
    parameter C = 16
) (
    input  wire               i_clk,
    input  wire               i_rst,
    // A frame of pixels in, logits out.
    input  wire               i_valid,
    output wire               o_ready,
    input  wire [7:0]         i_data,
    output wire               o_valid,
    input  wire               i_ready,
    output wire [31:0]        o_data,
    // Bytes of the weight words from address 0 upwards, while no frame is in work.
    input  wire               i_weight_valid,
    input  wire [31:0]        i_weight_address,
    input  wire [7:0]         i_weight_data,
    // What a neuron fired in this clock, and every value of every tensor as it is written.
    output wire [3:0]         o_spikes,
    output wire               o_trace_valid,
    output wire [15:0]        o_trace_tensor,
    output wire [31:0]        o_trace_value,
    // The program's step: its fields one clock after o_step.
    output wire [STEP-1:0]    o_step,
    input  wire [COUNT-1:0]   i_rows,            // places of the output
    input  wire [COUNT-1:0]   i_columns,
    input  wire [COUNT-1:0]   i_groups,
    input  wire [COUNT-1:0]   i_outputs,         // of one place and group
    input  wire [COUNT-1:0]   i_height,          // map that the window lies in
    input  wire [COUNT-1:0]   i_width,
    input  wire [COUNT-1:0]   i_kernel_rows,
    input  wire [COUNT-1:0]   i_kernel_columns,
    input  wire [COUNT-1:0]   i_depth,
    input  wire [COUNT-1:0]   i_row_stride,
    input  wire [COUNT-1:0]   i_column_stride,
    input  wire [COUNT-1:0]   i_row_padding,
    input  wire [COUNT-1:0]   i_column_padding,
    input  wire [A-1:0]       i_a_base,          // values: first window, next place, next tap
    input  wire [A-1:0]       i_a_row,
    input  wire [A-1:0]       i_a_column,
    input  wire [A-1:0]       i_a_group,
    input  wire [A-1:0]       i_a_kernel_row,
    input  wire [A-1:0]       i_a_kernel_column,
    input  wire [A-1:0]       i_a_depth,
    input  wire [B-1:0]       i_b_base,          // operands: likewise, and the next block of lanes
    input  wire [B-1:0]       i_b_row,
    input  wire [B-1:0]       i_b_column,
    input  wire [B-1:0]       i_b_group,
    input  wire [B-1:0]       i_b_block,
    input  wire [B-1:0]       i_b_kernel_row,
    input  wire [B-1:0]       i_b_kernel_column,
    input  wire [B-1:0]       i_b_depth,
    input  wire [C-1:0]       i_c_base,          // constants: first, and the next output's; 0 where one row serves all
    input  wire [C-1:0]       i_c_step,
    input  wire [A-1:0]       i_output,          // where the results go, one after the other
    input  wire [A-1:0]       i_residual,
    input  wire [1:0]         i_operand,         // 0 weights, 1 the map, 2 none: the values are added as they are
    input  wire [1:0]         i_end,             // 0 sum, 1 fire, 2 scale, 3 scale and add the residual
    input  wire [3:0]         i_levels,
    input  wire [4:0]         i_shift,
    input  wire               i_clamp,           // to 16 bits
    input  wire               i_logits,
    input  wire [15:0]        i_tensor           // number of the tensor that is written, 0 for none of the graph's
);
  localparam SHIFT = VALUE <= 2 ? 1 : VALUE <= 4 ? 2 : VALUE <= 8 ? 3 : 4;
  localparam EVENT = $clog2(EVENTS < 2 ? 2 : EVENTS);
  localparam LANE = $clog2(LANES + 1);
  localparam [COUNT-1:0] ONE = 1;
  localparam [A-1:0] A_ONE = 1;
  localparam [3:0] RECEIVE = 0, FETCH = 1, BEGIN = 2, WINDOW = 3, SCAN = 4, BLOCK = 5, REPLAY = 6, END = 7;
  localparam [3:0] FIRE = 8, BIAS = 9, SCALE = 10, SCALED = 11, WRITE = 12, NEXT = 13;

  generate
    if (LANES < 1) begin : g_lanes
      spike_engine_LANES_must_be_at_least_1 illegal();
    end
    if (WEIGHT != 4 && WEIGHT != 6 && WEIGHT != 8) begin : g_weight
      spike_engine_WEIGHT_must_be_4_6_or_8 illegal();
    end
    if (SUM < MAP || PRODUCT < SUM || CONSTANT < PRODUCT || PRODUCT > 32) begin : g_width
      spike_engine_needs_MAP_le_SUM_le_PRODUCT_le_CONSTANT_and_32 illegal();
    end
  endgenerate

  reg [3:0] state_q;
  reg [STEP-1:0] step_q;
  reg signed [PRODUCT:0] result_q;

  // Where the step is: counters that run down, coordinates and addresses that run up.
  reg [COUNT-1:0] rows_q, columns_q, groups_q, outputs_q, row_q, column_q;
  reg [LANE-1:0] lanes_q;
  reg [A-1:0] a_row_q, a_column_q, a_q, out_q, residual_q;
  reg [B-1:0] b_row_q, b_column_q, b_group_q, b_q;
  reg [C-1:0] c_q;

  wire from_map = i_operand == 2'd1;
  wire direct = i_operand == 2'd2;
  wire taken = state_q == RECEIVE && i_valid;
  wire frame_done = taken && columns_q == ONE;
  wire written = state_q == WRITE && (!i_logits || i_ready);
  wire last_output = outputs_q == ONE;
  wire last_group = groups_q == ONE;
  wire last_column = columns_q == ONE;
  wire last_row = rows_q == ONE;

  // ---- window and events
  wire scanning, scan_read;
  wire [A-1:0] scan_address;
  wire [B-1:0] scan_offset;
  reg read_q;
  reg [B-1:0] offset_q;
  wire signed [MAP-1:0] map_data;

  window_scan #(.COUNT(COUNT), .ADDRESS(A), .OFFSET(B)) window (
      .i_clk(i_clk), .i_rst(i_rst), .i_start(state_q == WINDOW),
      .i_row(row_q), .i_column(column_q), .i_address(a_q),
      .i_height(i_height), .i_width(i_width),
      .i_kernel_rows(i_kernel_rows), .i_kernel_columns(i_kernel_columns), .i_depth(i_depth),
      .i_row_step(i_a_kernel_row), .i_column_step(i_a_kernel_column), .i_depth_step(i_a_depth),
      .i_row_offset(i_b_kernel_row), .i_column_offset(i_b_kernel_column), .i_depth_offset(i_b_depth),
      .o_busy(scanning), .o_read(scan_read), .o_address(scan_address), .o_offset(scan_offset)
  );

  always @(posedge i_clk) begin
    read_q <= scan_read && !i_rst;
    offset_q <= scan_offset;
  end

  wire event_valid, events_done, last_addition, advance;
  wire signed [VALUE-1:0] event_value;
  wire [B-1:0] event_offset;
  // The first block is replayed while its events are found, unless its operands need the map's only read port.
  wire replaying = state_q == REPLAY || (state_q == SCAN && !from_map);
  wire take = replaying && event_valid && advance;

  event_extract #(.VALUE(VALUE), .INDEX(B), .DEPTH(EVENTS), .ADDRESS(EVENT)) events (
      .i_clk(i_clk), .i_clear(i_rst || state_q == WINDOW),
      .i_valid(read_q && !direct), .i_value(map_data[VALUE-1:0]), .i_index(offset_q),
      .i_rewind(state_q == BLOCK), .i_ready(take),
      .o_valid(event_valid), .o_value(event_value), .o_index(event_offset), .o_done(events_done)
  );

  // ---- operands and lanes
  reg adding_q;
  reg signed [VALUE-1:0] value_q;
  wire signed [VALUE-1:0] value_left;
  wire [SHIFT-1:0] value_shift;
  wire value_negate;
  assign advance = !adding_q || last_addition;

  spike_steps #(.DATAPATH(DATAPATH), .VALUE(VALUE), .SHIFT(SHIFT)) steps (
      .i_value(value_q), .o_left(value_left), .o_last(last_addition), .o_shift(value_shift), .o_negate(value_negate)
  );

  always @(posedge i_clk)
    if (i_rst) adding_q <= 1'b0;
    else if (advance) adding_q <= take;

  always @(posedge i_clk)
    if (take) value_q <= event_value;
    else value_q <= value_left;

  wire [B-1:0] operand_address = b_q + event_offset;
  wire [LANES*WEIGHT-1:0] weights;

  weight_memory #(.WORD(LANES * WEIGHT), .WORDS(WEIGHT_WORDS), .ADDRESS(B), .FILE(WEIGHT_FILE), .HUGE(WEIGHT_HUGE)) weight_words (
      .i_clk(i_clk), .i_rst(i_rst),
      .i_load_valid(i_weight_valid), .i_load_address(i_weight_address), .i_load_data(i_weight_data),
      .i_read(take && !from_map), .i_address(operand_address), .o_data(weights)
  );

  localparam OPERAND = MAP > WEIGHT ? MAP : WEIGHT;  // lane 0 also adds words of the map
  localparam signed [VALUE-1:0] V_ONE = 1;
  wire signed [OPERAND-1:0] map_operand = {{(OPERAND - MAP + 1) {map_data[MAP-1]}}, map_data[MAP-2:0]};
  wire signed [OPERAND-1:0] weight_operand = {{(OPERAND - WEIGHT + 1) {weights[WEIGHT-1]}}, weights[WEIGHT-2:0]};
  wire use_map = from_map || direct;
  wire signed [LANES*SUM+SUM-1:0] sums;
  wire clear = state_q == WINDOW || state_q == BLOCK;

  assign sums[LANES*SUM +: SUM] = 0;
  spike_lane #(.DATAPATH(DATAPATH), .VALUE(VALUE), .SHIFT(SHIFT), .OPERAND(OPERAND), .SUM(SUM)) lane_0 (
      .i_clk(i_clk), .i_clear(clear), .i_pass(written), .i_next(sums[SUM +: SUM]),
      .i_add(adding_q || (read_q && direct)), .i_operand(use_map ? map_operand : weight_operand),
      .i_shift(direct ? {SHIFT{1'b0}} : value_shift), .i_negate(value_negate && !direct),
      .i_value(direct ? V_ONE : value_q), .o_sum(sums[0 +: SUM])
  );
  genvar lane;
  generate
    for (lane = 1; lane < LANES; lane = lane + 1) begin : g_lane
      spike_lane #(.DATAPATH(DATAPATH), .VALUE(VALUE), .SHIFT(SHIFT), .OPERAND(WEIGHT), .SUM(SUM)) add (
          .i_clk(i_clk), .i_clear(clear), .i_pass(written), .i_next(sums[(lane+1)*SUM +: SUM]),
          .i_add(adding_q && !use_map), .i_operand(weights[lane*WEIGHT +: WEIGHT]),
          .i_shift(value_shift), .i_negate(value_negate), .i_value(value_q), .o_sum(sums[lane*SUM +: SUM])
      );
    end
  endgenerate
  wire signed [SUM-1:0] sum = sums[SUM-1:0];

  // ---- ends
  wire ending = state_q == END;
  wire fires = i_end == 2'd1;
  wire fire_read, fired, scale_done;
  wire [C-1:0] fire_address;
  wire [3:0] fire_total;
  wire signed [CONSTANT-1:0] constant;
  wire signed [PRODUCT-1:0] scaled;
  localparam [C-1:0] C_ONE = 1;

  ram #(.WIDTH(CONSTANT), .DEPTH(CONSTANT_WORDS), .ADDRESS(C), .FILE(CONSTANT_FILE)) constants (
      .i_clk(i_clk), .i_write(1'b0), .i_write_address({C{1'b0}}), .i_write_data({CONSTANT{1'b0}}),
      .i_read(fire_read || (ending && !fires) || state_q == BIAS),
      .i_read_address(state_q == BIAS ? c_q + C_ONE : fires ? fire_address : c_q), .o_data(constant)
  );

  fire_count #(.WIDTH(SUM), .ADDRESS(C)) thresholds (
      .i_clk(i_clk), .i_rst(i_rst), .i_start(ending && fires), .i_address(c_q), .i_levels(i_levels),
      .i_value(sum), .i_threshold(constant[SUM-1:0]),
      .o_read(fire_read), .o_address(fire_address), .o_done(fired), .o_count(fire_total)
  );

  reg [PRODUCT-1:0] multiplier_q;
  always @(posedge i_clk) if (state_q == BIAS) multiplier_q <= constant[PRODUCT-1:0];

  scale #(.VALUE(SUM), .MULTIPLIER(PRODUCT), .PRODUCT(PRODUCT)) charge (
      .i_clk(i_clk), .i_rst(i_rst), .i_start(state_q == SCALE), .i_value(sum), .i_multiplier(multiplier_q),
      .i_bias(constant[PRODUCT-1:0]), .i_shift(i_shift), .o_done(scale_done), .o_result(scaled)
  );

  wire signed [PRODUCT:0] wide = {scaled[PRODUCT-1], scaled};
  wire signed [PRODUCT:0] residual = {{(PRODUCT - MAP + 2) {map_data[MAP-1]}}, map_data[MAP-2:0]};
  wire signed [PRODUCT:0] charged = i_end == 2'd3 ? wide + residual : wide;
  wire signed [32:0] charged_33 = {{(33 - PRODUCT) {charged[PRODUCT]}}, charged[PRODUCT-1:0]};
  wire above = charged_33 > 33'sd32767;
  wire below = charged_33 < -33'sd32768;
  wire signed [32:0] clamped = !i_clamp ? charged_33 : above ? 33'sd32767 : below ? -33'sd32768 : charged_33;
  wire unused = &{1'b0, clamped};

  always @(posedge i_clk)
    if (ending) result_q <= {{(PRODUCT - SUM + 2) {sum[SUM-1]}}, sum[SUM-2:0]};
    else if (state_q == FIRE) result_q <= {{(PRODUCT - 3) {1'b0}}, fire_total};
    else if (state_q == SCALED) result_q <= clamped[PRODUCT:0];

  // ---- the map
  wire [MAP-1:0] pixel = {{(MAP - 7) {i_data[7]}}, i_data[6:0]};
  ram #(.WIDTH(MAP), .DEPTH(MAP_WORDS), .ADDRESS(A), .HUGE(MAP_HUGE)) map (
      .i_clk(i_clk),
      .i_write(taken || (written && !i_logits)), .i_write_address(out_q),
      .i_write_data(state_q == RECEIVE ? pixel : result_q[MAP-1:0]),
      .i_read(scan_read || (take && from_map) || (ending && i_end == 2'd3)),
      .i_read_address(ending ? residual_q : scan_read ? scan_address : operand_address[A-1:0]),
      .o_data(map_data)
  );

  // ---- control
  always @(posedge i_clk)
    if (i_rst) state_q <= RECEIVE;
    else
      case (state_q)
        RECEIVE: if (frame_done) state_q <= FETCH;
        FETCH: state_q <= BEGIN;
        BEGIN: state_q <= WINDOW;
        WINDOW: state_q <= SCAN;
        SCAN: if (!scanning && !read_q) state_q <= REPLAY;
        BLOCK: state_q <= REPLAY;
        REPLAY: if (events_done && !adding_q) state_q <= END;
        END: state_q <= fires ? FIRE : i_end == 2'd0 ? WRITE : BIAS;
        FIRE: if (fired) state_q <= WRITE;
        BIAS: state_q <= SCALE;
        SCALE: state_q <= SCALED;
        SCALED: if (scale_done) state_q <= WRITE;
        WRITE:
          if (written)
            state_q <= !last_output ? (lanes_q == 1 || use_map ? BLOCK : END)
                : last_group && last_column && last_row ? NEXT : WINDOW;
        default: state_q <= step_q == 0 ? RECEIVE : FETCH;
      endcase

  // The number of the step; 0 once the last has ended.
  localparam [STEP-1:0] LAST = STEPS - 1;
  localparam [STEP-1:0] S_ONE = 1;
  always @(posedge i_clk)
    if (i_rst) step_q <= 0;
    else if (written && last_output && last_group && last_column && last_row)
      step_q <= step_q == LAST ? 0 : step_q + S_ONE;

  localparam [COUNT-1:0] FRAME = PIXELS;
  always @(posedge i_clk)
    if (i_rst || state_q == NEXT) begin
      columns_q <= FRAME;
      out_q <= 0;
    end else if (taken) begin
      columns_q <= columns_q - ONE;
      out_q <= out_q + A_ONE;
    end else if (state_q == BEGIN) begin
      rows_q <= i_rows;
      columns_q <= i_columns;
      groups_q <= i_groups;
      row_q <= -i_row_padding;
      column_q <= -i_column_padding;
      a_row_q <= i_a_base;
      a_column_q <= i_a_base;
      a_q <= i_a_base;
      b_row_q <= i_b_base;
      b_column_q <= i_b_base;
      b_group_q <= i_b_base;
      c_q <= i_c_base;
      out_q <= i_output;
      residual_q <= i_residual;
    end else if (state_q == WINDOW) outputs_q <= i_outputs;
    else if (written) begin
      out_q <= out_q + A_ONE;
      residual_q <= residual_q + A_ONE;
      c_q <= c_q + i_c_step;
      outputs_q <= outputs_q - ONE;
      if (last_output) begin
        groups_q <= groups_q - ONE;
        a_q <= a_q + i_a_group;
        b_group_q <= b_group_q + i_b_group;
        if (last_group) begin
          groups_q <= i_groups;
          columns_q <= columns_q - ONE;
          column_q <= column_q + i_column_stride;
          a_column_q <= a_column_q + i_a_column;
          a_q <= a_column_q + i_a_column;
          b_column_q <= b_column_q + i_b_column;
          b_group_q <= b_column_q + i_b_column;
          c_q <= i_c_base;
          if (last_column) begin
            columns_q <= i_columns;
            rows_q <= rows_q - ONE;
            column_q <= -i_column_padding;
            row_q <= row_q + i_row_stride;
            a_row_q <= a_row_q + i_a_row;
            a_column_q <= a_row_q + i_a_row;
            a_q <= a_row_q + i_a_row;
            b_row_q <= b_row_q + i_b_row;
            b_column_q <= b_row_q + i_b_row;
            b_group_q <= b_row_q + i_b_row;
          end
        end
      end
    end

  localparam [LANE-1:0] ALL = LANES;
  localparam [LANE-1:0] L_ONE = 1;
  always @(posedge i_clk)
    if (state_q == WINDOW) begin
      lanes_q <= ALL;
      b_q <= b_group_q;
    end else if (state_q == BLOCK) begin
      lanes_q <= ALL;
      b_q <= b_q + i_b_block;
    end else if (written) lanes_q <= lanes_q - L_ONE;

  assign o_step = step_q;
  assign o_ready = state_q == RECEIVE;
  assign o_valid = state_q == WRITE && i_logits;
  wire [31:0] result = {{(33 - PRODUCT) {result_q[PRODUCT]}}, result_q[PRODUCT-2:0]};
  assign o_data = result;
  assign o_spikes = written && fires ? result_q[3:0] : 4'd0;
  assign o_trace_valid = taken || (written && i_tensor != 16'd0);
  assign o_trace_tensor = state_q == RECEIVE ? 16'd0 : i_tensor;
  assign o_trace_value = state_q == RECEIVE ? {{24{i_data[7]}}, i_data} : result;
endmodule
`default_nettype wire
