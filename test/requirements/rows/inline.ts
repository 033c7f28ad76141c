import type { Requirement } from "../requirement.js";

const direct = "the wire's semantics, without bytes";
const page = "docs/guides/inline.md";

/** Plugins in the host's own process, and the direct calls that they are called by. */
export const inlineRows: readonly Requirement[] = [
  {
    id: "INL-01",
    side: "wire",
    source: direct,
    sentence:
      "A direct channel calls the implementation of a method found by its names, all four kinds, in the caller's async context; what is not there, or is of another kind, is UNIMPLEMENTED, and the fields of a message become a whole one on both sides.",
  },
  {
    id: "INL-02",
    side: "wire",
    source: direct,
    sentence:
      "Deadline and abort of a direct call end it with DEADLINE_EXCEEDED or CANCELED and abort the handler's signal, also where a handler keeps timers from running or both ends of a stream are always ready.",
  },
  {
    id: "INL-03",
    side: "wire",
    source: direct,
    sentence:
      "Whatever a handler throws, its caller gets the error that would have come over the wire, and nothing a handler can throw keeps a call from ending.",
  },
  {
    id: "INL-04",
    side: "wire",
    source: direct,
    sentence:
      "Headers of a direct stream are there with its first answer, trailers at its end; what a handler sets later does not count, and reserved names are left out.",
  },
  {
    id: "INL-05",
    side: "wire",
    source: direct,
    sentence:
      "A direct stream asks the handler for an answer, and the caller for a request, when the other side wants it, one at a time; only the first answer is asked for ahead.",
  },
  {
    id: "INL-06",
    side: "wire",
    source: direct,
    sentence:
      "Who leaves a direct stream ends both iterators and waits for neither; what the caller's requests throw fails the call, and the handler is told CANCELED.",
  },
  {
    id: "INL-07",
    side: "wire",
    source: direct,
    sentence:
      "Closing a direct channel lets calls in flight end, destroying it fails them with UNAVAILABLE and its cause and aborts their handlers, and neither takes more.",
  },
  {
    id: "INL-08",
    side: "wire",
    source: direct,
    sentence:
      "With copy neither side of a direct call sees what the other does to a message; without it both have the same object.",
  },
  {
    id: "INL-09",
    side: "wire",
    source: direct,
    sentence:
      "An implementation that is replaced serves the calls that began on it to their end, is told of the last one's end, and gets no more.",
  },
  {
    id: "INL-10",
    side: "host",
    source: page,
    sentence:
      "An inline launch takes a plugin, or a file that exports one, ESM or CommonJS, and calls it in the host's process.",
  },
  {
    id: "INL-11",
    side: "host",
    source: page,
    sentence: "An inline instance serves the highest version that host and plugin have.",
  },
  {
    id: "INL-12",
    side: "host",
    source: page,
    sentence:
      "What is wrong with an inline launch, its file or its plugin is said by a typed error, and nothing is left.",
  },
  {
    id: "INL-13",
    side: "host",
    source: page,
    sentence:
      "Stopping an inline instance lets calls in flight end; those that do not end in time fail with UNAVAILABLE and their handlers' signals abort.",
  },
  {
    id: "INL-14",
    side: "host",
    source: page,
    sentence:
      "The module of an inline plugin is told of the end of its instance by its export dispose, once; what that throws is logged.",
  },
  {
    id: "INL-15",
    side: "host",
    source: page,
    sentence:
      "Inline plugins with conflicting versions of a library live side by side, ESM and CommonJS, and the host's own copy is untouched.",
  },
  {
    id: "INL-16",
    side: "host",
    source: page,
    sentence:
      "After a reload new calls run on the new code and those that began on the old code end on it; then the old code is disposed of. Each instance has its code for itself.",
  },
  {
    id: "INL-17",
    side: "host",
    source: page,
    sentence: "A reload that fails or is given up leaves the old code running; reloads take their turn.",
  },
  {
    id: "INL-18",
    side: "host",
    source: page,
    sentence:
      "A reloadable plugin shares Node's modules and Tenon's packages with its host and has all else for itself; a file knows where it lies; one bundled CommonJS file needs no bundler.",
  },
  {
    id: "INL-19",
    side: "host",
    source: page,
    sentence:
      "Five hundred reloads with calls in flight lose no call, mix up no code, and let the heap grow by less than a tenth.",
  },
  {
    id: "INL-20",
    side: "host",
    source: page,
    sentence: "An inline plugin calls its host's services, also with copies of Tenon's packages of its own.",
  },
];
