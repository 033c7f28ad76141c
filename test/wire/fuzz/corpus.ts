/**
 * What a peer writes behind its preface, as hex, a space between frames: inputs that broke something once or stand for a kind of input. Each is
 * given to a server and, as the server's bytes, to a client.
 */
export const corpus: readonly (readonly [what: string, hex: string])[] = [
  ["nothing", ""],
  ["SETTINGS alone", "000000040000000000"],
  ["SETTINGS that are cut off", "0000060400000000000001"],
  [
    "SETTINGS with every value at its end",
    "00001e0400000000000001ffffffff00020000000000030000000000047fffffff000500ffffff",
  ],
  ["the ack of SETTINGS first", "000000040100000000"],
  ["HEADERS without SETTINGS", "000001010500000001 82"],
  ["HEADERS of an empty block", "000000040000000000 000000010500000001"],
  ["HEADERS that are all padding", "000000040000000000 000002010d00000001 0100"],
  ["HEADERS with a priority that is cut off", "000000040000000000 000003012500000001 000000"],
  ["an endless HPACK integer", "000000040000000000 00000c010500000001 7fffffffffffffffffffff7f"],
  ["a string that is longer than its block", "000000040000000000 000004010500000001 00057878"],
  ["a size update in the middle", "000000040000000000 000002010500000001 823f"],
  ["CONTINUATION on another stream", "000000040000000000 000001010000000001 82 000000090400000003"],
  ["DATA of padding alone", "000000040000000000 000001000800000001 00"],
  ["DATA before HEADERS", "000000040000000000 000001000000000001 00"],
  ["RST_STREAM twice", "000000040000000000 00000403000000000100000008 00000403000000000100000008"],
  ["GOAWAY and then a stream", "000000040000000000 0000080700000000000000000000000000 000001010500000001 82"],
  ["a window of the connection at its end", "000000040000000000 0000040800000000007fff0000"],
  ["PUSH_PROMISE", "000000040000000000 00000505040000000100000002 82"],
  ["a frame of 16 MiB", "ffffff000000000001"],
  ["a reserved bit in every field", "000000040080000000 0000040800800000008000ffff"],
];
