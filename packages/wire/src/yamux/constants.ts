/** yamux constants, docs/protocol/yamux.md. Numbers only: what they mean is said where they are used. */

export const headerBytes = 12;

export const FrameType = { data: 0, windowUpdate: 1, ping: 2, goAway: 3 } as const;

export const Flag = { syn: 1, ack: 2, fin: 4, rst: 8 } as const;

export const GoAwayCode = { normal: 0, protocolError: 1, internalError: 2 } as const;

/** Window of each direction of a stream before any update. */
export const initialWindowBytes = 256 * 1024;

/** Largest value of a length, and with it of a window. */
export const maxUint32 = 0xffffffff;
