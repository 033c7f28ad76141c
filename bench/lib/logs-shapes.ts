/** Records that the plugin is to log each second. */
export const recordsPerSecond = 100_000;

/** What a plugin logs beside the calls. */
export const logShapes = [
  { shape: "quiet", recordBytes: 0, label: "no logs" },
  { shape: "small-logs", recordBytes: 64, label: "records of 64 bytes" },
  { shape: "large-logs", recordBytes: 8192, label: "records of 8 KiB" },
] as const;

/** How its records go to the host, and whose calls are measured: its own, or those of another plugin. */
export const logRows = [
  { name: "bind", carrier: "bind", neighbour: false, label: "dialled in, and logs over the link" },
  { name: "bind-neighbour", carrier: "bind", neighbour: true, label: "dialled in, beside the one that logs" },
  { name: "process", carrier: "process", neighbour: false, label: "started by the host, and logs to standard error" },
  {
    name: "process-neighbour",
    carrier: "process",
    neighbour: true,
    label: "started by the host, beside the one that logs",
  },
] as const;

/** Callers of each measurement. */
export const logCallers = [1, 64] as const;
