// A core's commands over a byte stream.
//   request: command, bytes of payload (2, low first), payload, CRC-16 of all before it (2, low first)
//   reply:   80 + command, or 15 where the request was damaged or wrong, or 16 where a frame comes and the weights are not
//            loaded; words of payload (2), words of 4 bytes, CRC-16
//   01 ping     -> configuration hash
//   02 frame    INPUTS bytes -> LOGITS words; the core sees the frame only when its CRC is right
//   03 counters -> cycles from the frame's first value taken to its last logit, but those in which a logit waited for the
//                  line; spikes; cycles a value waited
//   04 weights  address (4): 0, or where the last ones ended; bytes -> nothing; written as they come; where the reply
//                  is 15, all again from address 0
//   05 reset    -> nothing; the core and the counters are reset
//   06 layers   -> for each tensor of the last frame, the input first: cycles until its last value was written, spikes
//                  of all neurons until then; unknown where TENSORS is 0
//   07 status   -> bit 0: the weights are loaded; 1: a frame is in work; 2: the core has lost the frames' rhythm, until reset
// Weights of a request that turns out damaged are not loaded: nor are those before it, until all have come again.
// A request that stops for 2^TIMEOUT_BITS clocks is forgotten. A byte that comes while a reply is owed says that the
// host has given up: it is dropped with the reply, and the core is reset.
`default_nettype none
module host_link #(
  parameter [31:0] HASH = 0,
  parameter INPUTS = 784,
  parameter LOGITS = 10,
  parameter SPIKE_BITS = 1,  // of the spikes of a clock, and of a frame
  parameter SPIKES = 32,
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
  output wire o_last,  // the frame's last value
  input wire i_valid,  // the logits
  output wire o_ready,
  input wire [31:0] i_data,
  output wire o_weight_valid,
  output wire [31:0] o_weight_address,
  output wire [7:0] o_weight_data,
  input wire i_busy,
  input wire i_loaded,
  input wire i_misframed,
  input wire [SPIKE_BITS-1:0] i_spikes,  // neurons' spikes of this clock
  input wire i_trace_valid,  // a value of this tensor is written
  input wire [15:0] i_trace_tensor
);
  localparam AT = $clog2(INPUTS + 1);
  localparam FRAME_BITS = $clog2(INPUTS);
  localparam [2:0] COMMAND = 0, LENGTH = 1, PAYLOAD = 2, CHECK = 3, RUN = 4, REPLY = 5, DATA = 6, SUM = 7;
  localparam [15:0] LAYER_WORDS = {TENSORS[14:0], 1'b0};
  localparam [2:0] PING = 1, FRAME = 2, COUNTERS = 3, WEIGHTS = 4, RESET = 5, LAYERS = 6, STATUS = 7;
  localparam [7:0] REFUSED = 8'h15, UNLOADED = 8'h16;

  reg [2:0] state_q;
  reg second_q;  // the second of two bytes
  reg [2:0] command_q;
  reg [15:0] left_q;  // of the payload: bytes that come, words that go
  reg [15:0] crc_q;
  reg wrong_q;
  reg [TIMEOUT_BITS-1:0] idle_q;
  reg [31:0] address_q;
  reg [1:0] part_q;  // bytes of the address that came
  reg loads_q, zero_q;  // all of them came; those that came are 0
  reg torn_q;  // a part of the weights was damaged, or broke off
  wire loaded = i_loaded && !torn_q;
  wire unloaded = command_q == FRAME && !loaded;

  // The frame, whole before the core sees it.
  reg [7:0] frame[0:(1<<FRAME_BITS)-1];
  reg [AT-1:0] at_q;
  reg [7:0] value_q;
  reg full_q, running_q;
  assign o_valid = full_q;
  assign o_data  = value_q;
  wire taken = o_valid && i_ready;
  wire fetch = running_q && at_q != INPUTS[AT-1:0] && (!full_q || i_ready);
  assign o_last = at_q == INPUTS[AT-1:0];
  wire fed = taken && o_last;
  wire store = state_q == PAYLOAD && i_rx_valid && command_q == FRAME;

  always @(posedge i_clk)
    if (store) frame[at_q[FRAME_BITS-1:0]] <= i_rx_data;
    else if (fetch) value_q <= frame[at_q[FRAME_BITS-1:0]];

  // Where the reply is: byte of a word, and the word. After a byte that is sent the next one is read, then chosen.
  localparam MOST = LOGITS > 2 * TENSORS ? LOGITS : 2 * TENSORS;
  localparam WORD = $clog2(MOST < 4 ? 4 : MOST);
  reg [1:0] byte_q;
  reg [WORD-1:0] word_q;
  reg [1:0] rest_q;

  localparam COUNTS = 64 + SPIKES;
  reg [31:0] cycles_q, stalls_q;
  reg [SPIKES-1:0] spikes_q;
  wire starts = state_q == RUN && !wrong_q && !unloaded && (command_q == FRAME || command_q == RESET);
  always @(posedge i_clk)
    if (starts) begin
      cycles_q <= 0;
      spikes_q <= 0;
      stalls_q <= 0;
    end else if (running_q) begin
      if (!i_valid || o_ready) cycles_q <= cycles_q + 1'b1;
      spikes_q <= spikes_q + {{(SPIKES - SPIKE_BITS) {1'b0}}, i_spikes};
      if (o_valid && !i_ready) stalls_q <= stalls_q + 1'b1;
    end

  // What was counted when each tensor was last written: in the clock after, when the counters hold it too. Behind the
  // tensors, what was counted of the whole frame.
  wire [COUNTS-1:0] counted;
  generate
    if (TENSORS > 0) begin : g_layers
      localparam TENSOR = $clog2(TENSORS + 1);
      localparam [TENSOR-1:0] WHOLE = TENSORS[TENSOR-1:0];
      reg traced_q;
      reg [TENSOR-1:0] tensor_q;
      // However few tensors there are, registers would take half of this module.
      (* ram_style = "block" *) reg [COUNTS-1:0] layers[0:(1<<TENSOR)-1];
      reg [COUNTS-1:0] read_q;
      wire [TENSOR-1:0] layer;
      if (WORD > TENSOR) begin : g_layer
        assign layer = word_q[TENSOR:1];
      end else begin : g_few_words
        assign layer = {1'b0, word_q[WORD-1:1]};
      end
      always @(posedge i_clk) begin
        traced_q <= (i_trace_valid && running_q) || fed || starts || state_q == SUM;
        tensor_q <= fed ? 0 : running_q ? i_trace_tensor[TENSOR-1:0] : WHOLE;
      end
      always @(posedge i_clk)
        if (traced_q) layers[tensor_q] <= {spikes_q, stalls_q, cycles_q};
        else read_q <= layers[command_q == LAYERS ? layer : WHOLE];
      wire unused = &{1'b0, i_trace_tensor};
      assign counted = read_q;
    end else begin : g_no_layers
      wire unused = &{1'b0, i_trace_valid, i_trace_tensor, fed};
      assign counted = {spikes_q, stalls_q, cycles_q};
    end
  endgenerate
  reg [31:0] spikes;
  always @* begin
    spikes = 0;
    spikes[SPIKES-1:0] = counted[COUNTS-1:64];
  end
  wire [31:0] stalls = counted[63:32];

  // What goes out: words, lowest byte first. A logit is taken in the clock after its last byte.
  wire [15:0] words = wrong_q || unloaded_q ? 16'd0 : command_q == PING || command_q == STATUS ? 16'd1 : command_q == FRAME ? LOGITS[15:0] :
      command_q == COUNTERS ? 16'd3 : command_q == LAYERS ? LAYER_WORDS : 16'd0;
  localparam [15:0] LAST_LOGIT = LOGITS[15:0] - 16'd1, LAST_COUNT = LAYER_WORDS - 16'd1;
  wire [WORD-1:0] last_word = command_q == FRAME ? LAST_LOGIT[WORD-1:0] : command_q == LAYERS ? LAST_COUNT[WORD-1:0] :
      command_q == COUNTERS ? 2 : 0;
  wire [7:0] cycles_byte = counted[8*byte_q+:8], spikes_byte = spikes[8*byte_q+:8], stalls_byte = stalls[8*byte_q+:8];
  wire [7:0] logit_byte = i_data[8*byte_q+:8], hash_byte = HASH[8*byte_q+:8];
  wire [7:0] crc_byte = second_q ? crc_q[15:8] : crc_q[7:0];
  reg [7:0] out, out_q;
  reg logit_q, ready_q;
  reg unloaded_q;  // a frame is refused, until the reply is sent
  always @*
    case (state_q)
      REPLY: out = byte_q == 2'd0 ? (wrong_q ? REFUSED : unloaded_q ? UNLOADED : {5'h10, command_q}) : byte_q[0] ? words[7:0] : words[15:8];
      DATA:
      case (command_q)
        FRAME: out = logit_byte;
        PING: out = hash_byte;
        STATUS: out = byte_q == 2'd0 ? {5'd0, i_misframed, i_busy, loaded} : 8'd0;
        default: out = word_q[0] ? spikes_byte : word_q[1] && command_q == COUNTERS ? stalls_byte : cycles_byte;
      endcase
      default: out = crc_byte;
    endcase
  assign o_tx_valid = state_q > RUN && rest_q == 0 && (state_q != DATA || command_q != FRAME || logit_q);
  assign o_tx_data = out_q;
  wire sent = o_tx_valid && i_tx_ready;
  wire word_sent = sent && state_q == DATA && byte_q == 2'd3;
  assign o_ready = ready_q;

  wire [15:0] crc_next;
  crc16 crc (
    .i_crc(crc_q),
    .i_data(state_q > RUN ? out_q : i_rx_data),
    .o_crc(crc_next)
  );

  assign o_weight_valid = state_q == PAYLOAD && i_rx_valid && loads_q && !wrong_q;
  wire addressed = state_q == PAYLOAD && i_rx_valid && command_q == WEIGHTS && !loads_q;
  assign o_weight_address = address_q;
  assign o_weight_data = i_rx_data;

  // Lengths that a command cannot have.
  wire [15:0] length = {i_rx_data, left_q[7:0]};
  wire length_ok = command_q == FRAME ? length == INPUTS[15:0] :
      command_q == WEIGHTS ? length > 16'd4 : length == 16'd0;
  wire known = i_rx_data != 8'd0 && i_rx_data <= {5'd0, STATUS} && (TENSORS > 0 || i_rx_data != {5'd0, LAYERS});

  wire abandoned = i_rx_valid && state_q >= RUN;

  wire forgets = i_rst || &idle_q || abandoned;
  wire received = i_rx_valid && state_q <= PAYLOAD;
  wire runs = state_q == RUN;

  // Registers that are cleared and counted, and no more, take a cell for each bit.
  always @(posedge i_clk)
    if (forgets || runs || (state_q == COMMAND && !i_rx_valid)) crc_q <= 16'hffff;
    else if (received || (sent && state_q != SUM)) crc_q <= crc_next;

  always @(posedge i_clk)
    if (i_rx_valid || state_q == COMMAND || state_q >= RUN) idle_q <= 0;
    else idle_q <= idle_q + 1'b1;

  always @(posedge i_clk)
    if (runs || (state_q == COMMAND && !running_q)) at_q <= 0;
    else if (fetch || store) at_q <= at_q + 1'b1;

  always @(posedge i_clk)
    if (addressed && part_q == 2'd3 && i_rx_data == 0 && zero_q) address_q <= 0;
    else if (o_weight_valid) address_q <= address_q + 1'b1;

  always @(posedge i_clk)
    if (state_q == COMMAND) begin
      part_q  <= 0;
      loads_q <= 1'b0;
      zero_q  <= 1'b1;
    end else if (addressed) begin
      part_q <= part_q + 1'b1;
      if (part_q == 2'd3) loads_q <= 1'b1;
      if (i_rx_data != 0) zero_q <= 1'b0;
    end

  always @(posedge i_clk)
    if (i_rx_valid) begin
      if (state_q == COMMAND) command_q <= i_rx_data[2:0];
      if (state_q == PAYLOAD) left_q <= left_q - 1'b1;
      else begin
        if (!second_q) left_q[7:0] <= i_rx_data;
        if (second_q) left_q[15:8] <= i_rx_data;
      end
    end

  always @(posedge i_clk)
    if (i_rx_valid)
      case (state_q)
        COMMAND: wrong_q <= !known;
        LENGTH:  if (second_q && !length_ok) wrong_q <= 1'b1;
        CHECK:   if (i_rx_data != crc_byte) wrong_q <= 1'b1;
        default: ;
      endcase

  always @(posedge i_clk)
    if (state_q == COMMAND) second_q <= 1'b0;
    else if (i_rx_valid ? state_q != PAYLOAD : sent && state_q == SUM) second_q <= !second_q;

  wire headed = state_q == REPLY && sent && byte_q == 2'd2;
  always @(posedge i_clk)
    if (runs || headed) byte_q <= 0;
    else if (sent) byte_q <= byte_q + 1'b1;

  always @(posedge i_clk)
    if (runs) word_q <= 0;
    else if (word_sent) word_q <= word_q + 1'b1;

  wire ends = word_sent && word_q == last_word;
  always @(posedge i_clk)
    if (forgets || (ready_q && state_q == SUM)) running_q <= 1'b0;
    else if (runs && !wrong_q && !unloaded && command_q == FRAME) running_q <= 1'b1;

  // Bytes of weights are passed on before their CRC is known: what was damaged, or stopped, needs all of them again.
  always @(posedge i_clk)
    if (o_weight_valid && address_q == 32'd0) torn_q <= 1'b0;
    else if (loads_q && (runs ? wrong_q : &idle_q)) torn_q <= 1'b1;
  initial torn_q = 1'b0;
  always @(posedge i_clk) if (runs) unloaded_q <= unloaded && !wrong_q;

  always @(posedge i_clk)
    if (forgets) full_q <= 1'b0;
    else if (fetch) full_q <= 1'b1;
    else if (taken) full_q <= 1'b0;

  always @(posedge i_clk) begin
    rest_q <= {rest_q[0], sent || runs};
    logit_q <= i_valid;
    ready_q <= word_sent && command_q == FRAME;
    out_q <= out;
    o_core_rst <= forgets || (runs && !wrong_q && command_q == RESET);
  end

  always @(posedge i_clk)
    if (forgets) state_q <= COMMAND;
    else
      case (state_q)
        COMMAND: if (i_rx_valid) state_q <= LENGTH;
        LENGTH:  if (i_rx_valid && second_q) state_q <= length == 0 ? CHECK : PAYLOAD;
        PAYLOAD: if (i_rx_valid && left_q == 1) state_q <= CHECK;
        CHECK:   if (i_rx_valid && second_q) state_q <= RUN;
        RUN:     state_q <= REPLY;
        REPLY:   if (headed) state_q <= words == 0 ? SUM : DATA;
        DATA:    if (ends) state_q <= SUM;
        SUM:     if (sent && second_q) state_q <= COMMAND;
      endcase

  generate
    if (INPUTS < 2 || INPUTS > 65535) host_link_needs_2_to_65535_inputs illegal ();
    if (TENSORS > 32767) host_link_needs_at_most_32767_tensors illegal ();
    if (SPIKES < SPIKE_BITS || SPIKES > 32) host_link_needs_SPIKE_BITS_to_32_bits_of_spikes illegal ();
    if (LOGITS < 1 || LOGITS > 65535) host_link_needs_1_to_65535_logits illegal ();
  endgenerate
endmodule
`default_nettype wire
