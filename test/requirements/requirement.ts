/** One rule that the project owes to its users or peers; tests cite it by id in square brackets in their titles. */
export interface Requirement {
  /** Group and number; never reused for another rule. */
  readonly id: string;
  /** Who has to keep it: the host, the plugin, both of them, or the gRPC engine. */
  readonly side: "host" | "plugin" | "both" | "wire";
  /** Where the rule comes from: behaviour of go-plugin, a section of an RFC, or a page of docs/protocol. */
  readonly source: string;
  /** The rule, as one sentence that a test can prove. */
  readonly sentence: string;
}
