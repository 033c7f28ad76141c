/** How far a stream has come; docs/protocol/yamux.md has what each state allows. */
export type StreamState = "open" | "localEnded" | "remoteEnded" | "closed" | "reset";

/** What changes the state of a stream: our FIN, the peer's FIN, an RST of either. */
export type StreamEvent = "localFin" | "remoteFin" | "rst";

const transitions: Readonly<Record<StreamState, Partial<Readonly<Record<StreamEvent, StreamState>>>>> = {
  open: { localFin: "localEnded", remoteFin: "remoteEnded", rst: "reset" },
  localEnded: { remoteFin: "closed", rst: "reset" },
  remoteEnded: { localFin: "closed", rst: "reset" },
  closed: {},
  reset: {},
};

/** The state after an event; undefined when the event cannot be in this state. */
export function nextState(state: StreamState, event: StreamEvent): StreamState | undefined {
  return transitions[state][event];
}

/** True once nothing of the stream can travel any more. */
export function isOver(state: StreamState): boolean {
  return state === "closed" || state === "reset";
}
