// A core's commands over a byte stream.
//   request: command, bytes of payload (2, low first), payload, CRC-16 of all before it (2, low first)
//   reply:   80 + command, or 15 where the request was damaged or wrong; words of payload (2), words of 4 bytes, CRC-16
//   01 ping     -> configuration hash
//   02 frame    INPUTS bytes -> LOGITS words; the core sees the frame only when its CRC is right
//   03 counters -> cycles from the frame's first value taken to its last logit, spikes, cycles a value waited
//   04 weights  address (4), bytes -> nothing; written as they come; where the reply is 15, all again from address 0
//   05 reset    -> nothing; the core and the counters are reset
//   06 layers   -> for each tensor of the last frame, the input first: cycles until its last value was written, spikes
//                  of all neurons until then; unknown where TENSORS is 0
// A request that stops for 2^TIMEOUT_BITS clocks is forgotten. A byte that comes while a reply is owed says that the
// host has given up: it is dropped with the reply, and the core is reset.
`default_nettype none
module host_link #(
  parameter [31:0] HASH = 0,
  parameter INPUTS = 784,
  parameter LOGITS = 10,
  parameter SPIKE_BITS = 1,
  parameter TENSORS = 0,
  parameter TIMEOUT_BITS = 18
) (
  input wire i_clk,
  input wire i_rst,
  input wire i_rx_valid,
  input wire [7:0] i_rx_data,
  output wire o_tx_valid,
  input wire i_tx_ready,
  output wire [7:0] o_tx_data,
  output reg o_core_rst,
  output wire o_valid,  // the frame's values
  input wire i_ready,
  output wire [7:0] o_data,
  input wire i_valid,  // the logits
  output wire o_ready,
  input wire [31:0] i_data,
  output reg o_weight_valid,
  output wire [31:0] o_weight_address,
  output wire [7:0] o_weight_data,
  input wire [SPIKE_BITS-1:0] i_spikes,  // neurons' spikes of this clock
  input wire i_trace_valid,  // a value of this tensor is written
  input wire [15:0] i_trace_tensor
);
  localparam AT = $clog2(INPUTS + 1);
  localparam [2:0] COMMAND = 0, LENGTH = 1, PAYLOAD = 2, CHECK = 3, RUN = 4, REPLY = 5, DATA = 6, SUM = 7;
  localparam [15:0] LAYER_WORDS = {TENSORS[14:0], 1'b0};
  localparam [7:0] LAST = TENSORS > 0 ? 8'd6 : 8'd5;  // command
  localparam [7:0] PING = 1, FRAME = 2, COUNTERS = 3, WEIGHTS = 4, RESET = 5, LAYERS = 6, REFUSED = 8'h15;

  reg [2:0] state_q;
  reg second_q;  // the second of two bytes
  reg [7:0] command_q;
  reg [15:0] left_q;  // of the payload: bytes that come, words that go
  reg [15:0] crc_q;
  reg wrong_q;
  reg [TIMEOUT_BITS-1:0] idle_q;
  reg [31:0] address_q;
  reg [2:0] part_q;  // bytes of the address that came; 4: all
  reg [31:0] cycles_q, spikes_q, stalls_q;

  // The frame, whole before the core sees it.
  reg [7:0] frame[0:(1<<$clog2(INPUTS))-1];
  reg [AT-1:0] at_q;
  reg [7:0] value_q;
  reg full_q, running_q;
  assign o_valid = full_q;
  assign o_data  = value_q;
  wire taken = o_valid && i_ready;
  wire fetch = running_q && at_q != INPUTS[AT-1:0] && (!full_q || i_ready);
  wire store = state_q == PAYLOAD && i_rx_valid && command_q == FRAME;

  always @(posedge i_clk)
    if (store) frame[at_q[$clog2(INPUTS)-1:0]] <= i_rx_data;
  always @(posedge i_clk) if (fetch) value_q <= frame[at_q[$clog2(INPUTS)-1:0]];

  // What was counted when each tensor was last written: in the clock after, when the counters hold it too.
  localparam TENSOR = $clog2(TENSORS < 2 ? 2 : TENSORS);
  reg [TENSOR-1:0] layer_q;
  wire [31:0] layer_cycles, layer_spikes;
  generate
    if (TENSORS > 0) begin : g_layers
      reg traced_q;
      reg [TENSOR-1:0] tensor_q;
      reg [63:0] layers[0:(1<<TENSOR)-1];
      reg [63:0] read_q;
      always @(posedge i_clk) begin
        traced_q <= i_trace_valid && running_q;
        tensor_q <= i_trace_tensor[TENSOR-1:0];
      end
      always @(posedge i_clk) if (traced_q) layers[tensor_q] <= {spikes_q, cycles_q};
      always @(posedge i_clk) read_q <= layers[layer_q];
      wire unused = &{1'b0, i_trace_tensor};
      assign layer_cycles = read_q[31:0];
      assign layer_spikes = read_q[63:32];
    end else begin : g_no_layers
      wire unused = &{1'b0, i_trace_valid, i_trace_tensor, layer_q};
      assign layer_cycles = 0;
      assign layer_spikes = 0;
    end
  endgenerate

  // What goes out: words, lowest byte first.
  reg [31:0] word_q;
  reg [2:0] bytes_q;  // of the word that are still to go
  reg [1:0] which_q;
  wire sends = state_q == REPLY || (state_q == DATA && bytes_q != 0) || state_q == SUM;
  reg [1:0] head_q;
  reg [7:0] out;
  wire [15:0] words = wrong_q ? 16'd0 : command_q == PING ? 16'd1 : command_q == FRAME ? LOGITS[15:0] :
      command_q == COUNTERS ? 16'd3 : command_q == LAYERS ? LAYER_WORDS : 16'd0;
  always @* begin
    out = word_q[7:0];
    if (state_q == REPLY)
      case (head_q)
        2'd0: out = wrong_q ? REFUSED : command_q | 8'h80;
        2'd1: out = words[7:0];
        default: out = words[15:8];
      endcase
    else if (state_q == SUM) out = second_q ? crc_q[15:8] : crc_q[7:0];
  end
  assign o_tx_valid = sends;
  assign o_tx_data = out;
  wire sent = sends && i_tx_ready;
  wire wants = state_q == DATA && bytes_q == 0 && left_q != 0;
  assign o_ready = wants && command_q == FRAME;
  wire logit = i_valid && o_ready;

  wire [15:0] crc_next;
  crc16 crc (
    .i_crc(crc_q),
    .i_data(state_q == REPLY || state_q == DATA ? out : i_rx_data),
    .o_crc(crc_next)
  );

  assign o_weight_address = address_q;
  reg [7:0] weight_q;
  assign o_weight_data = weight_q;

  // Lengths that a command cannot have.
  wire [15:0] length = {i_rx_data, left_q[7:0]};
  wire length_ok = command_q == FRAME ? length == INPUTS[15:0] :
      command_q == WEIGHTS ? length > 16'd4 : length == 16'd0;
  wire known = command_q >= PING && command_q <= LAST;

  wire abandoned = i_rx_valid && state_q >= RUN;

  always @(posedge i_clk) begin
    o_weight_valid <= 1'b0;
    if (o_weight_valid) address_q <= address_q + 1'b1;
    o_core_rst <= i_rst;
    if (running_q) begin
      cycles_q <= cycles_q + 1'b1;
      spikes_q <= spikes_q + {{(32 - SPIKE_BITS) {1'b0}}, i_spikes};
      if (o_valid && !i_ready) stalls_q <= stalls_q + 1'b1;
    end
    if (fetch) begin
      at_q   <= at_q + 1'b1;
      full_q <= 1'b1;
    end else if (taken) full_q <= 1'b0;

    if (i_rx_valid || state_q == COMMAND || state_q >= RUN) idle_q <= 0;
    else idle_q <= idle_q + 1'b1;

    case (state_q)
      COMMAND: begin
        crc_q <= 16'hffff;
        wrong_q <= 1'b0;
        second_q <= 1'b0;
        part_q <= 0;
        if (!running_q) at_q <= 0;
        if (i_rx_valid) begin
          command_q <= i_rx_data;
          state_q   <= LENGTH;
        end
      end
      LENGTH:
      if (i_rx_valid) begin
        left_q   <= length;
        second_q <= !second_q;
        if (!second_q) left_q[7:0] <= i_rx_data;
        else begin
          wrong_q <= !length_ok || !known;
          state_q <= length == 0 ? CHECK : PAYLOAD;
        end
      end
      PAYLOAD:
      if (i_rx_valid) begin
        left_q <= left_q - 1'b1;
        if (command_q == FRAME) at_q <= at_q + 1'b1;
        if (command_q == WEIGHTS) begin
          weight_q <= i_rx_data;
          if (part_q[2]) o_weight_valid <= !wrong_q;
          else begin
            address_q <= {i_rx_data, address_q[31:8]};
            part_q <= part_q + 1'b1;
          end
        end
        if (left_q == 1) state_q <= CHECK;
      end
      CHECK:
      if (i_rx_valid) begin
        second_q <= !second_q;
        if (i_rx_data != (second_q ? crc_q[15:8] : crc_q[7:0])) wrong_q <= 1'b1;
        if (second_q) state_q <= RUN;
      end
      RUN: begin
        state_q <= REPLY;
        head_q <= 0;
        which_q <= 0;
        layer_q <= 0;
        bytes_q <= 0;
        crc_q <= 16'hffff;
        left_q <= words;
        at_q <= 0;
        if (!wrong_q && command_q == FRAME) begin
          running_q <= 1'b1;
          cycles_q  <= 0;
          spikes_q  <= 0;
          stalls_q  <= 0;
        end
        if (!wrong_q && command_q == RESET) begin
          o_core_rst <= 1'b1;
          cycles_q   <= 0;
          spikes_q   <= 0;
          stalls_q   <= 0;
        end
      end
      REPLY:
      if (sent) begin
        crc_q  <= crc_next;
        head_q <= head_q + 1'b1;
        if (head_q == 2) state_q <= left_q == 0 ? SUM : DATA;
      end
      DATA:
      if (sent) begin
        crc_q <= crc_next;
        word_q <= {8'b0, word_q[31:8]};
        bytes_q <= bytes_q - 1'b1;
        if (bytes_q == 1 && left_q == 0) state_q <= SUM;
      end else if (wants && (command_q != FRAME || i_valid)) begin
        word_q  <= command_q == FRAME ? i_data : command_q == PING ? HASH :
                   command_q == LAYERS ? (which_q[0] ? layer_spikes : layer_cycles) :
                   which_q == 0 ? cycles_q : which_q == 1 ? spikes_q : stalls_q;
        if (which_q[0]) layer_q <= layer_q + 1'b1;
        which_q <= which_q + 1'b1;
        bytes_q <= 4;
        left_q  <= left_q - 1'b1;
        if (logit && left_q == 1) running_q <= 1'b0;
      end
      SUM:
      if (sent) begin
        second_q <= !second_q;
        if (second_q) begin
          state_q <= COMMAND;
          crc_q   <= 16'hffff;
        end
      end
    endcase
    if (i_rx_valid && state_q <= PAYLOAD) crc_q <= crc_next;

    if (i_rst || &idle_q || abandoned) begin
      state_q <= COMMAND;
      crc_q <= 16'hffff;
      idle_q <= 0;
      running_q <= 1'b0;
      full_q <= 1'b0;
      o_core_rst <= 1'b1;
    end
  end

  generate
    if (INPUTS < 2 || INPUTS > 65535) host_link_needs_2_to_65535_inputs illegal ();
    if (TENSORS > 32767) host_link_needs_at_most_32767_tensors illegal ();
    if (LOGITS < 1 || LOGITS > 65535) host_link_needs_1_to_65535_logits illegal ();
  endgenerate
endmodule
`default_nettype wire
