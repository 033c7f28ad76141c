import type { Requirement } from "../requirement.js";

const source = "docs/protocol/ready-services.md";

export const readyServiceRows: readonly Requirement[] = [
  {
    id: "SVC-02",
    side: "host",
    source,
    sentence: "Instances of a plugin share the entries of its store, and no other plugin sees or changes them.",
  },
  {
    id: "SVC-03",
    side: "host",
    source,
    sentence:
      "The store puts, gets and deletes by key, and lists by prefix in the order of the keys' bytes, page by page, each key once.",
  },
  {
    id: "SVC-04",
    side: "host",
    source,
    sentence:
      "A write that names a version is done only over that version; otherwise it fails with ABORTED and a StoreConflict with the version that there is.",
  },
  {
    id: "SVC-05",
    side: "host",
    source,
    sentence: "The store refuses what exceeds a limit, names the limit, and takes what makes it smaller.",
  },
  {
    id: "SVC-06",
    side: "host",
    source,
    sentence:
      "A write is answered when it is durable; reads see nothing that is not; a write that cannot be made durable fails, changes nothing and is reported to the host.",
  },
  {
    id: "SVC-07",
    side: "host",
    source,
    sentence:
      "A host that is killed while it writes leaves a store file with one whole state, which has every write that was answered.",
  },
  {
    id: "SVC-08",
    side: "host",
    source,
    sentence: "A damaged store file is reported as store-corrupt, answered with DATA_LOSS, and left as it is.",
  },
  {
    id: "SVC-09",
    side: "host",
    source,
    sentence:
      "The store file of a plugin lies in the store's directory whatever the plugin's name, and is no other plugin's.",
  },
  {
    id: "SVC-10",
    side: "host",
    source,
    sentence: "A store file that another process has written is read anew and not overwritten.",
  },
  {
    id: "SVC-11",
    side: "host",
    source,
    sentence:
      "A plugin gets the configuration that the host has set for it, as the host's check returned it; one that the check refuses, or that JSON does not have, changes nothing.",
  },
  {
    id: "SVC-12",
    side: "host",
    source,
    sentence:
      "A watch of the configuration begins with what there is and goes on with the newest after each change; a slow reader is spared those in between.",
  },
  {
    id: "SVC-13",
    side: "host",
    source,
    sentence:
      "Entries of any shape written to the log service become records of the host, with plugin, instance and call, from the level on that the host has set.",
  },
  {
    id: "SVC-14",
    side: "host",
    source,
    sentence: "Entries that the limits of the log service keep out, and those that are cut, are counted and told.",
  },
  {
    id: "SVC-15",
    side: "both",
    source: "examples/host-services",
    sentence: "Plugins of every launcher share one database connection of their host through a host service.",
  },
  {
    id: "SVC-16",
    side: "host",
    source,
    sentence:
      "Programs with another gRPC library use the three services by their .proto files, the details of errors included.",
  },
];
