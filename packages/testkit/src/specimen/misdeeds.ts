import { type Misdeed, Thrown } from "../gen/tenon/testkit/v1/specimen_pb.js";

/** Characters in a line that a specimen prints. */
const printedLineChars = 100;

/** Characters in the message of the huge error. */
const hugeChars = 10_000_000;

/** Does what a misdeed asks for; returns where it leaves that possible. */
export function misbehave({ deed }: Misdeed): void | Promise<void> {
  switch (deed.case) {
    case "throws":
      throw toThrow(deed.value);
    case "rejects":
      return Promise.resolve().then(() => Promise.reject(toThrow(deed.value) as Error));
    case "blocks":
      for (;;);
    case "exits":
      return process.exit(deed.value);
    case "fillsHeap":
      return fillHeap();
    case "fillsBuffers":
      return fillBuffers(deed.value);
    case "prints":
      return print(deed.value);
    case "throwsLater":
      setTimeout(() => {
        throw new Error("thrown by a timer of the specimen");
      }, 10);
      return undefined;
    case "rejectsLater":
      void Promise.reject(new Error("a rejection that the specimen left behind"));
      return undefined;
    case undefined:
      return undefined;
  }
}

/** Every kind of thing that JavaScript lets a program throw. */
function toThrow(what: Thrown): unknown {
  switch (what) {
    case Thrown.NULL:
      return null;
    case Thrown.NUMBER:
      return 42;
    case Thrown.TEXT:
      return "just a text";
    case Thrown.SYMBOL:
      return Symbol("thrown");
    case Thrown.CYCLIC: {
      const cyclic: { self?: unknown } = {};
      cyclic.self = cyclic;
      return cyclic;
    }
    case Thrown.BARE:
      return Object.create(null) as object;
    case Thrown.HUGE:
      return new Error("x".repeat(hugeChars));
    case Thrown.TRAP:
      return trap();
    case Thrown.ERROR:
      return new Error("an ordinary error");
    case Thrown.ABORT:
      return new DOMException("This operation was aborted", "AbortError");
    case Thrown.UNDEFINED:
    case Thrown.UNSPECIFIED:
      break;
  }
  return undefined;
}

function trap(): Error {
  const error = new Error("a trap");
  for (const name of ["message", "name", "stack", "cause", "toString"]) {
    Object.defineProperty(error, name, {
      get() {
        throw new Error(`somebody read ${name}`);
      },
    });
  }
  return error;
}

async function fillHeap(): Promise<void> {
  const kept: unknown[] = [];
  for (;;) {
    for (let i = 0; i < 10_000; i++) kept.push({ i, list: [i, i + 0.5, `text ${i}`] });
    // Other calls get their turn until it is too late.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function fillBuffers(mebibytes: number): Promise<void> {
  const kept: Uint8Array[] = [];
  for (let i = 0; i < mebibytes; i++) {
    kept.push(new Uint8Array(1_048_576).fill(i));
    if (i % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await new Promise((resolve) => setTimeout(resolve, 1000, kept));
}

async function print(lines: number): Promise<void> {
  const line = "flood ".repeat(printedLineChars).slice(0, printedLineChars - 1);
  for (let i = 0; i < lines; i++) {
    if (i % 2 === 0) process.stdout.write(`${line}\n`);
    // oxlint-disable-next-line no-console
    else console.log(line);
    if (i % 1000 === 999) await new Promise((resolve) => setImmediate(resolve));
  }
}
