/** What a probe does. Plain data: it travels in the probe's arguments. */
export interface ProbePlan {
  /**
   * The handshake line, with {version}, {network}, {address}, {certificate} and {multiplex} (the seventh field with its
   * divider, where the host asked for it) filled in.
   */
  readonly line?: string;
  /** Prints no line. */
  readonly isSilent?: boolean;
  readonly network?: "unix" | "tcp";
  /** Whether the line comes in three pieces with pauses. */
  readonly inPieces?: boolean;
  /** Instead of a line, or before it. */
  readonly first?: "exits" | "closes-stdout" | "floods-stdout-without-line-feed";
  /** Whether it listens at the address of its line. */
  readonly listens?: boolean;
  /** Prints a certificate that it does not hold, or none and speaks plaintext. */
  readonly certificate?: "another" | "none";
  /** Whether go-plugin's own services are there. */
  readonly services?: "all" | "none";
  readonly stdio?: "usual" | "odd";
  readonly shutdown?: "obeys" | "slow" | "stays" | "silent";
  readonly ignoresSigterm?: boolean;
  /** Never answers calls of the contract. */
  readonly holdsCalls?: boolean;
  /** Ends with code 3 at the first call, or soon after the host has begun to speak HTTP/2. */
  readonly dies?: boolean;
  /** Lines on standard error right behind the handshake line. */
  readonly logs?: readonly string[];
  readonly floods?: "stderr" | "stdout" | "stdout-one-line";
}

/** The line that plugins usually print. */
export const usualLine = "1|{version}|{network}|{address}|grpc|{certificate}{multiplex}";

/** What a probe says on standard error before it refuses to work. */
export const lastWords = "probe: out of cheese";

/** What a probe notes, one line of JSON each. */
export type ProbeEvent =
  | { readonly event: "started"; readonly pid: number; readonly env: Readonly<Record<string, string>> }
  | { readonly event: "tls"; readonly isHost: boolean; readonly alpn: string }
  | { readonly event: "call"; readonly path: string }
  | { readonly event: "connected" | "drained" | "sigterm" | "sigint" | "stdin-end" | "ends-in-order" };
