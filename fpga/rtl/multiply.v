// a * b, both signed, in one clock's logic: OUT bits of it, or its sign on top where OUT is more. For a part with hardware
// multipliers part/multiply.v takes its place, in which every product takes some, however narrow (fpga/multiplier.ts).
`default_nettype none
module multiply #(
    parameter A = 8,
    parameter B = 4,
    parameter OUT = 12
) (
    input  wire signed [A-1:0]   i_a,
    input  wire signed [B-1:0]   i_b,
    output wire signed [OUT-1:0] o_product
);
  wire signed [A+B-1:0] product = i_a * i_b;
  wire signed [A+B+OUT-1:0] wide = {{OUT{product[A+B-1]}}, product};
  wire unused = &{1'b0, wide[A+B+OUT-1:OUT]};
  assign o_product = wide[OUT-1:0];
endmodule
`default_nettype wire
