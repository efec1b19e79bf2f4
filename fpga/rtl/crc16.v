// CRC-16 (CCITT, polynomial 1021, first value ffff) of one more byte.
`default_nettype none
module crc16 (
  input wire [15:0] i_crc,
  input wire [7:0] i_data,
  output wire [15:0] o_crc
);
  wire [7:0] in = i_crc[15:8] ^ i_data;
  wire [7:0] s = in ^ {4'b0, in[7:4]};
  assign o_crc = {i_crc[7:0], 8'b0} ^ {s[3:0], 12'b0} ^ {3'b0, s, 5'b0} ^ {8'b0, s};
endmodule
`default_nettype wire
