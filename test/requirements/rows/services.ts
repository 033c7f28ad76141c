import type { Requirement } from "../requirement.js";

/** What the protocol itself is made of. */
export const serviceRows: readonly Requirement[] = [
  {
    id: "SVC-01",
    side: "both",
    source: "go-plugin v1.8.0, proto files",
    sentence:
      "The services of broker, controller, printed output and health, their methods and the fields of their messages are named and numbered as go-plugin's are.",
  },
];
