// The time-multiplexed core: runs one step of a program after the other over one memory of maps. A step is, for every
// place of its output, a window of values times operands, summed, and an end:
//   scan window -> keep events -> for each block of lanes: replay events, add operands -> finish.v: fire or scale, write
// A block is finished while the next one is added up. Convolutions and dense layers take weights as operands, for as many
// outputs at a time as there are lanes; depthwise ones for as many channels; both products of attention take counts from
// the map; pooling adds values as they are, and firing passes them on. The addresses of a step come from its program as
// bases and strides. What no step of a program does is left out by parameters, or because a field is a constant.
// Where the first layer gives every pixel the same weight, pixels fire as they come; where the layer behind takes the whole
// frame, what comes are its events.
`default_nettype none
module spike_engine #(
    parameter LANES = 8,
    parameter DATAPATH = 1,      // 0 unary, 1 popcount, 2 dsp
    parameter WEIGHT = 8,        // bits of a weight
    parameter WEIGHT_WORDS = 256,  // words of LANES weights
    parameter WEIGHT_FILE = "",
    parameter WEIGHT_HUGE = 0,   // bits of a word of weights in single-port RAM (weight_memory.v)
    parameter MAP_HUGE = 0,      // 1: the map in single-port RAM, its first MAP_TOP words with more than 16 bits
    parameter MAP_TOP = 0,
    parameter MAP = 16,          // bits of a map's word, two's complement
    parameter MAP_WORDS = 1024,
    parameter VALUE = 8,         // bits of an event's value, two's complement
    parameter NEGATIVE = 1,      // 0: no event's value is negative
    parameter EVENTS = 784,      // most events of a window
    parameter CONSTANT = 32,     // bits of a threshold, multiplier or bias
    parameter CONSTANT_WORDS = 256,
    parameter CONSTANT_FILE = "",
    parameter SUM = 24,          // bits of an accumulator, as proven
    parameter SCALED = 20,       // bits of one that is scaled, of its multiplier, and of sum * multiplier + bias
    parameter MULTIPLIER = 16,
    parameter PRODUCT = 32,
    parameter SCALE_DSP = 0,     // 1: hardware multipliers scale
    parameter CHARGES = 2,       // 0: nothing but logits is scaled, 1: membranes too, 2: with residuals
    parameter SHIFT = 16,        // right shift of scaled membranes, of logits
    parameter LOGIT_SHIFT = 0,
    parameter RESULT = 24,       // bits of a result before it is clamped
    parameter PIXELS = 784,      // values of a frame
    parameter ENCODE = 0,        // 1: pixels fire as they come, 2: their complements do; 0: they are stored
    parameter ENCODE_LEVELS = 4,
    parameter [134:0] ENCODE_THRESHOLDS = 0,  // as encode.v has them
    parameter FRAMED = 0,        // 1: the window of the first step is the frame, in its order
    parameter OVERLAP = 1,       // 1: a block is finished while the next one is added, for a register more per lane
    parameter KERNELS = 1,       // 0: every window is one tap that lies on the map
    parameter PLACES = 1,        // 0: every output is one place
    parameter MAP_OPERANDS = 1,  // 1: some step multiplies by the map, adds values as they are, passes them on
    parameter POOLS = 1,
    parameter STREAMS = 1,
    parameter LANEWISE = 1,      // 1: some step has a channel of its input in each lane
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
    output wire [1:0]         o_trace_valid,   // of the input above the others
    output wire [31:0]        o_trace_tensor,
    output wire [63:0]        o_trace_value,
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
    input  wire [1:0]         i_operand,         // 0 weights, 1 the map, 2 none: values are added, 3: values pass
    input  wire               i_lanewise,        // each channel of the window has a lane, so a group is LANES channels
    input  wire [1:0]         i_end,             // 0 sum, 1 fire, 2 scale, 3 scale and add the residual
    input  wire [3:0]         i_levels,
    input  wire               i_clamp,           // to 16 bits
    input  wire               i_logits,
    input  wire [15:0]        i_tensor           // number of the tensor that is written, 0 for none of the graph's
);
  localparam SHIFTS = VALUE <= 2 ? 1 : VALUE <= 4 ? 2 : VALUE <= 8 ? 3 : 4;  // bits of a step's shift
  localparam EVENT = $clog2(EVENTS < 2 ? 2 : EVENTS);
  localparam LANE = $clog2(LANES + 1);
  localparam [COUNT-1:0] ONE = 1;
  localparam [COUNT-1:0] ALL = LANES;
  localparam [LANE-1:0] L_ONE = 1;
  localparam [LANE-1:0] L_ALL = LANES;
  localparam [A-1:0] A_ONE = 1;
  localparam [3:0] RECEIVE = 0, FETCH = 1, BEGIN = 2, WINDOW = 3, SCAN = 4, BLOCK = 5, REPLAY = 6, OFFER = 7;
  localparam [3:0] READ = 8, PASS = 9, MOVE = 10, DRAIN = 11;

  generate
    // The accumulators of multipliers are cleared, and take nothing else.
    if (DATAPATH == 2 && OVERLAP == 0) begin : g_overlap
      spike_engine_DATAPATH_2_needs_OVERLAP illegal();
    end
    if (LANES < 1) begin : g_lanes
      spike_engine_LANES_must_be_at_least_1 illegal();
    end
    if (WEIGHT != 4 && WEIGHT != 6 && WEIGHT != 8) begin : g_weight
      spike_engine_WEIGHT_must_be_4_6_or_8 illegal();
    end
    if (SUM < MAP) begin : g_width
      spike_engine_SUM_is_narrower_than_MAP illegal();
    end
    if (ENCODE == 0 ? MAP < 8 : ENCODE_LEVELS >= (1 << (MAP - 1))) begin : g_frame_width
      spike_engine_MAP_is_too_narrow_for_a_frame illegal();
    end
  endgenerate

  reg [3:0] state_q;
  reg [STEP-1:0] step_q;

  // Where the step is: counters that run down, coordinates and addresses that run up.
  reg [COUNT-1:0] rows_q, columns_q, groups_q, outputs_q, row_q, column_q;
  reg [A-1:0] a_row_q, a_column_q, a_q;
  reg [B-1:0] b_row_q, b_column_q, b_group_q, b_q;

  wire from_map = MAP_OPERANDS != 0 && i_operand == 2'd1;
  wire direct = POOLS != 0 && i_operand == 2'd2;
  wire streams = STREAMS != 0 && i_operand == 2'd3;
  wire lanewise = LANEWISE != 0 && i_lanewise;
  wire single = from_map || direct || streams;  // one output at a time
  wire framed = FRAMED != 0 && step_q == 0;

  // Groups and outputs are counted by blocks. What follows from the counters is known a clock after they moved.
  wire [COUNT-1:0] left = lanewise ? groups_q : outputs_q;
  reg last_output, last_group, last_column, last_row;
  reg [LANE-1:0] block;
  always @(posedge i_clk) begin
    last_output <= lanewise || outputs_q <= (single ? ONE : ALL);
    last_group <= groups_q <= (lanewise ? ALL : ONE);
    last_column <= PLACES == 0 || columns_q == ONE;
    last_row <= PLACES == 0 || rows_q == ONE;
    block <= single ? L_ONE : left < ALL ? left[LANE-1:0] : L_ALL;
  end

  // A block goes to its end, from the lanes or, where values pass, as the map's word. Without a register
  // for finished sums the lanes wait until the last of them is written.
  wire finish_ready, finish_idle, finish_pass, finish_read, finish_write, finish_written;
  reg offered_q;
  wire waits = OVERLAP == 0 && state_q == OFFER;
  wire passes = state_q == PASS;
  wire offers = (state_q == OFFER && !offered_q) || passes;
  wire accepted = offers && finish_ready;
  wire moved = waits ? offered_q && finish_idle : accepted;
  always @(posedge i_clk) offered_q <= waits && !moved && !i_rst && (offered_q || accepted);
  wire frame = state_q == RECEIVE && i_valid;
  localparam [A-1:0] FRAME_END = PIXELS - 1;
  wire frame_done = frame && a_q == FRAME_END;

  // What is kept of a pixel.
  wire signed [MAP-1:0] frame_value;
  wire [3:0] fired;
  generate
    if (ENCODE != 0) begin : g_encode
      encode #(.LEVELS(ENCODE_LEVELS), .THRESHOLDS(ENCODE_THRESHOLDS), .COMPLEMENT(ENCODE == 2 ? 1 : 0)) encoding (
          .i_pixel(i_data), .o_count(fired)
      );
      wire [MAP+3:0] wide = {{MAP{1'b0}}, fired};
      assign frame_value = wide[MAP-1:0];
      wire unused_wide = &{1'b0, wide};
    end else begin : g_store
      assign fired = 0;
      assign frame_value = {{(MAP - 7) {i_data[7]}}, i_data[6:0]};
    end
  endgenerate

  // The map has one read port, and in single-port RAM one port: results come first.
  wire granted = !finish_read && !(MAP_HUGE != 0 && finish_write);

  // ---- window and events
  wire scanning, scan_read;
  wire [A-1:0] scan_address;
  wire [B-1:0] scan_offset;
  wire [LANE-1:0] scan_lane;
  reg read_q;
  reg [B-1:0] offset_q;
  reg [LANE-1:0] lane_q;
  wire signed [MAP-1:0] map_data;
  wire [COUNT-1:0] depth;
  generate
    if (LANEWISE != 0) begin : g_depth
      wire [COUNT-1:0] channels = groups_q < ALL ? groups_q : ALL;
      assign depth = i_lanewise ? channels : i_depth;
    end else begin : g_whole
      assign depth = i_depth;
    end
  endgenerate

  window_scan #(.COUNT(COUNT), .ADDRESS(A), .OFFSET(B), .LANE(LANE), .KERNELS(KERNELS)) window (
      .i_clk(i_clk), .i_rst(i_rst), .i_start(state_q == WINDOW && !framed), .i_grant(granted),
      .i_row(row_q), .i_column(column_q), .i_address(a_q),
      .i_height(i_height), .i_width(i_width),
      .i_kernel_rows(i_kernel_rows), .i_kernel_columns(i_kernel_columns), .i_depth(depth),
      .i_row_step(i_a_kernel_row), .i_column_step(i_a_kernel_column), .i_depth_step(i_a_depth),
      .i_row_offset(i_b_kernel_row), .i_column_offset(i_b_kernel_column), .i_depth_offset(i_b_depth),
      .o_busy(scanning), .o_read(scan_read), .o_address(scan_address), .o_offset(scan_offset), .o_lane(scan_lane)
  );

  always @(posedge i_clk) begin
    read_q <= scan_read && !i_rst;
    offset_q <= scan_offset;
    lane_q <= scan_lane;
  end

  wire event_valid, events_done, advance;
  wire framing = FRAMED != 0 && state_q == RECEIVE;
  wire [VALUE-1:0] window_value = framing ? frame_value[VALUE-1:0] : map_data[VALUE-1:0];
  wire [VALUE-1:0] event_value;
  wire [B-1:0] event_offset;
  wire [LANE-1:0] event_lane;
  // The first block is replayed while its events are found, unless its operands need the map's only read port.
  wire replaying = state_q == REPLAY || (state_q == SCAN && !from_map);
  wire take = replaying && event_valid && advance && (!from_map || granted);

  localparam TAG = LANEWISE != 0 ? B + LANE : B;
  wire [B+LANE-1:0] tag, event_tag;
  wire [A+B-1:0] frame_at = {{B{1'b0}}, a_q};
  assign tag = framing ? {{LANE{1'b0}}, frame_at[B-1:0]} : {lane_q, offset_q};
  wire unused_frame_at = &{1'b0, frame_at};
  assign event_lane = event_tag[B+:LANE];
  assign event_offset = event_tag[B-1:0];
  generate
    if (LANEWISE == 0) begin : g_no_tag
      assign event_tag[B+:LANE] = 0;
      wire unused_lane = &{1'b0, tag[B+:LANE]};
    end
  endgenerate

  event_extract #(.VALUE(VALUE), .INDEX(TAG), .DEPTH(EVENTS), .ADDRESS(EVENT)) events (
      .i_clk(i_clk), .i_clear(i_rst || state_q == DRAIN || (state_q == WINDOW && !framed)),
      .i_valid((read_q && !direct) || (framing && i_valid)),
      .i_value(window_value), .i_index(tag[TAG-1:0]),
      .i_rewind(state_q == BLOCK), .i_ready(take),
      .o_valid(event_valid), .o_value(event_value), .o_index(event_tag[TAG-1:0]), .o_done(events_done)
  );

  // ---- operands and lanes
  // An event's steps are worked out before the clock in which they are added.
  reg adding_q, last_q, negate_q;
  reg signed [VALUE-1:0] value_q, left_q;
  reg [SHIFTS-1:0] shift_q;
  reg [LANES-1:0] enable_q;
  wire signed [VALUE-1:0] value_left;
  wire [SHIFTS-1:0] value_shift;
  wire value_last, value_negate;
  wire [VALUE-1:0] step_from = take ? event_value : left_q;
  wire signed [VALUE-1:0] step_value = {NEGATIVE != 0 && step_from[VALUE-1], step_from[VALUE-2:0]};
  assign advance = !adding_q || last_q;

  spike_steps #(.DATAPATH(DATAPATH), .VALUE(VALUE), .SHIFT(SHIFTS)) steps (
      .i_value(step_value), .o_left(value_left), .o_last(value_last), .o_shift(value_shift), .o_negate(value_negate)
  );

  always @(posedge i_clk)
    if (i_rst) adding_q <= 1'b0;
    else if (advance) adding_q <= take;

  always @(posedge i_clk) begin
    value_q <= step_value;
    left_q <= value_left;
    last_q <= value_last;
    shift_q <= value_shift;
    negate_q <= value_negate;
  end

  wire [B-1:0] operand_address = b_q + event_offset;
  wire [LANES*WEIGHT-1:0] weights;

  weight_memory #(.WORD(LANES * WEIGHT), .WORDS(WEIGHT_WORDS), .ADDRESS(B), .FILE(WEIGHT_FILE), .HUGE(WEIGHT_HUGE)) weight_words (
      .i_clk(i_clk),
      .i_load_valid(i_weight_valid), .i_load_address(i_weight_address), .i_load_data(i_weight_data),
      .i_read(take && !from_map), .i_address(operand_address), .o_data(weights)
  );

  localparam USES_MAP = MAP_OPERANDS != 0 || POOLS != 0;
  localparam OPERAND = USES_MAP && MAP > WEIGHT ? MAP : WEIGHT;  // lane 0 may also add words of the map
  localparam signed [VALUE-1:0] V_ONE = 1;
  wire signed [OPERAND-1:0] operand_0;
  wire signed [OPERAND-1:0] weight_operand = {{(OPERAND - WEIGHT + 1) {weights[WEIGHT-1]}}, weights[WEIGHT-2:0]};
  wire use_map = from_map || direct;
  generate
    if (USES_MAP) begin : g_map_operand
      wire signed [OPERAND-1:0] map_operand = {{(OPERAND - MAP + 1) {map_data[MAP-1]}}, map_data[MAP-2:0]};
      assign operand_0 = use_map ? map_operand : weight_operand;
    end else begin : g_weight_operand
      assign operand_0 = weight_operand;
    end
  endgenerate

  wire signed [LANES*SUM-1:0] sums;
  wire signed [LANES*SUM+SUM-1:0] chain;
  wire clear = state_q == WINDOW || state_q == BLOCK;
  wire moves = OVERLAP == 0 && finish_pass;
  wire signed [SUM-1:0] passed;
  genvar lane;
  generate
    assign passed = {{(SUM - MAP + 1) {map_data[MAP-1]}}, map_data[MAP-2:0]};

    for (lane = 0; lane < LANES; lane = lane + 1) begin : g_lane
      localparam WIDTH = lane == 0 ? OPERAND : WEIGHT;
      localparam [LANE-1:0] ME = lane;
      wire signed [WIDTH-1:0] operand;
      wire added, taken_in;
      if (lane == 0) begin : g_first
        assign operand = operand_0;
        assign added = enable_q[0] || (read_q && direct);
        assign taken_in = OVERLAP == 0 && STREAMS != 0 && accepted && passes;
      end else begin : g_other
        assign operand = weights[lane*WEIGHT +: WEIGHT];
        assign added = enable_q[lane];
        assign taken_in = 1'b0;
      end
      always @(posedge i_clk)
        if (i_rst) enable_q[lane] <= 1'b0;
        else if (advance)
          enable_q[lane] <= take && (lanewise ? event_lane == ME : lane == 0 || !from_map);

      // A multiplier has registers for its factors.
      wire signed [WIDTH-1:0] factor;
      wire signed [VALUE-1:0] times;
      wire adds;
      if (DATAPATH == 2) begin : g_factors
        reg signed [WIDTH-1:0] factor_q;
        reg signed [VALUE-1:0] times_q;
        reg adds_q;
        always @(posedge i_clk) begin
          factor_q <= operand;
          times_q <= direct ? V_ONE : value_q;
          adds_q <= added && !i_rst;
        end
        assign factor = factor_q;
        assign times = times_q;
        assign adds = adds_q;
      end else begin : g_no_factors
        assign factor = operand;
        assign times = direct ? V_ONE : value_q;
        assign adds = added;
      end

      spike_lane #(.DATAPATH(DATAPATH), .VALUE(VALUE), .SHIFT(SHIFTS), .OPERAND(WIDTH), .SUM(SUM)) add (
          .i_clk(i_clk), .i_clear(clear), .i_pass(moves || taken_in),
          .i_next(OVERLAP != 0 ? {SUM{1'b0}} : taken_in ? passed : chain[(lane+1)*SUM +: SUM]),
          .i_add(adds), .i_operand(factor),
          .i_shift(direct ? {SHIFTS{1'b0}} : shift_q), .i_negate(negate_q && !direct),
          .i_value(times), .o_sum(sums[lane*SUM +: SUM])
      );

      if (OVERLAP != 0) begin : g_shadow
        reg signed [SUM-1:0] chain_q;
        assign chain[lane*SUM +: SUM] = chain_q;
        if (lane == 0 && STREAMS != 0) begin : g_passed
          always @(posedge i_clk)
            if (accepted) chain_q <= streams ? passed : sums[0 +: SUM];
            else if (finish_pass) chain_q <= chain[SUM +: SUM];
        end else begin : g_summed
          always @(posedge i_clk)
            if (accepted) chain_q <= sums[lane*SUM +: SUM];
            else if (finish_pass) chain_q <= chain[(lane+1)*SUM +: SUM];
        end
      end else begin : g_same
        assign chain[lane*SUM +: SUM] = sums[lane*SUM +: SUM];
      end
    end
  endgenerate
  assign chain[LANES*SUM +: SUM] = 0;

  // ---- ends
  wire signed [RESULT-1:0] result;
  wire signed [31:0] logit;
  wire [A-1:0] residual_address, write_address;
  wire [MAP-1:0] write_data;
  finish #(
      .SUM(SUM), .CONSTANT(CONSTANT), .CONSTANT_WORDS(CONSTANT_WORDS), .CONSTANT_FILE(CONSTANT_FILE),
      .VALUE(SCALED), .MULTIPLIER(MULTIPLIER), .PRODUCT(PRODUCT), .DSP(SCALE_DSP), .CHARGES(CHARGES),
      .SHIFT(SHIFT), .LOGIT_SHIFT(LOGIT_SHIFT), .RESULT(RESULT), .MAP(MAP), .A(A), .C(C), .LANE(LANE)
  ) ends (
      .i_clk(i_clk), .i_rst(i_rst), .i_begin(state_q == BEGIN),
      .i_valid(offers), .o_ready(finish_ready), .i_count(block), .i_last(last_output && last_group),
      .i_value(chain[SUM-1:0]), .o_pass(finish_pass), .o_idle(finish_idle),
      .i_end(i_end), .i_levels(i_levels), .i_clamp(i_clamp), .i_logits(i_logits),
      .i_c_base(i_c_base), .i_c_step(i_c_step), .i_output(i_output), .i_residual(i_residual),
      .o_read(finish_read), .o_read_address(residual_address), .i_map(map_data),
      .o_write(finish_write), .o_write_address(write_address), .o_write_data(write_data),
      .o_valid(o_valid), .i_ready(i_ready), .o_data(logit),
      .o_written(finish_written), .o_result(result)
  );

  // ---- the map
  wire map_write, map_read;
  wire [A-1:0] map_write_address, map_read_address;
  wire [MAP-1:0] map_write_data;
  assign map_write = frame || finish_write;
  assign map_write_address = state_q == RECEIVE ? a_q : write_address;
  assign map_write_data = state_q == RECEIVE ? frame_value : write_data;
  wire passing_read = STREAMS != 0 && state_q == READ && granted;
  assign map_read = finish_read || scan_read || passing_read || (take && from_map);
  assign map_read_address = finish_read ? residual_address : passing_read ? a_q
      : MAP_OPERANDS == 0 || scan_read ? scan_address : operand_address[A-1:0];

  map_memory #(.WIDTH(MAP), .WORDS(MAP_WORDS), .ADDRESS(A), .HUGE(MAP_HUGE), .TOP(MAP_TOP)) map (
      .i_clk(i_clk),
      .i_write(map_write), .i_write_address(map_write_address), .i_write_data(map_write_data),
      .i_read(map_read), .i_read_address(map_read_address), .o_data(map_data)
  );

  // ---- control
  localparam [STEP-1:0] LAST = STEPS - 1;
  always @(posedge i_clk)
    if (i_rst) state_q <= RECEIVE;
    else
      case (state_q)
        RECEIVE: if (frame_done) state_q <= FETCH;
        FETCH: state_q <= BEGIN;
        BEGIN: state_q <= streams ? READ : WINDOW;
        WINDOW: state_q <= SCAN;
        SCAN: if (!scanning && !read_q) state_q <= REPLAY;
        BLOCK: state_q <= REPLAY;
        REPLAY: if (events_done && !adding_q) state_q <= OFFER;
        OFFER, PASS:
          if (moved) state_q <= MOVE;
        MOVE:
          if (!last_output) state_q <= BLOCK;
          else if (last_group && last_column && last_row) state_q <= DRAIN;
          else state_q <= streams ? READ : WINDOW;
        READ: if (granted) state_q <= PASS;
        default: if (finish_idle) state_q <= step_q == LAST ? RECEIVE : FETCH;
      endcase

  // The number of the step; 0 once the last has ended.
  localparam [STEP-1:0] S_ONE = 1;
  always @(posedge i_clk)
    if (i_rst) step_q <= 0;
    else if (state_q == DRAIN && finish_idle) step_q <= step_q == LAST ? 0 : step_q + S_ONE;

  always @(posedge i_clk)
    if (i_rst || state_q == DRAIN) a_q <= 0;
    else if (frame) a_q <= a_q + A_ONE;
    else if (state_q == BEGIN) begin
      rows_q <= i_rows;
      columns_q <= i_columns;
      groups_q <= i_groups;
      outputs_q <= i_outputs;
      row_q <= -i_row_padding;
      column_q <= -i_column_padding;
      a_row_q <= i_a_base;
      a_column_q <= i_a_base;
      a_q <= i_a_base;
      b_row_q <= i_b_base;
      b_column_q <= i_b_base;
      b_group_q <= i_b_base;
    end else if (state_q == MOVE) begin
      outputs_q <= outputs_q - (single ? ONE : ALL);
      if (last_output) begin
        outputs_q <= i_outputs;
        groups_q <= groups_q - (lanewise ? ALL : ONE);
        a_q <= a_q + i_a_group;
        b_group_q <= b_group_q + i_b_group;
        if (last_group && PLACES != 0) begin
          groups_q <= i_groups;
          columns_q <= columns_q - ONE;
          column_q <= column_q + i_column_stride;
          a_column_q <= a_column_q + i_a_column;
          a_q <= a_column_q + i_a_column;
          b_column_q <= b_column_q + i_b_column;
          b_group_q <= b_column_q + i_b_column;
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

  always @(posedge i_clk)
    if (state_q == WINDOW) b_q <= b_group_q;
    else if (state_q == BLOCK) b_q <= b_q + i_b_block;

  // A pixel and what it fires are traced in the clock after it was taken, when nothing else is written.
  reg taken_q;
  reg [7:0] data_q;
  reg [3:0] fired_q;
  wire encoded = ENCODE != 0 && taken_q;
  always @(posedge i_clk) begin
    taken_q <= frame && !i_rst;
    data_q <= i_data;
    fired_q <= fired;
  end

  wire signed [RESULT+31:0] result_wide = {{32{result[RESULT-1]}}, result};
  wire unused = &{1'b0, result_wide[RESULT+31:32], value_q, use_map, i_operand, i_lanewise};
  assign o_step = step_q;
  assign o_ready = state_q == RECEIVE;
  assign o_data = logit;
  assign o_spikes = encoded ? fired_q : finish_written && i_end == 2'd1 ? result[3:0] : 4'd0;
  assign o_trace_valid = {taken_q, encoded || (finish_written && i_tensor != 16'd0)};
  assign o_trace_tensor = {16'd0, encoded ? 16'd1 : i_tensor};
  assign o_trace_value = {
    {24{data_q[7]}}, data_q, encoded ? {28'd0, fired_q} : i_logits ? logit : result_wide[31:0]
  };
endmodule
`default_nettype wire
