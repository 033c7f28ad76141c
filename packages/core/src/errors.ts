/**
 * Every code a {@link TenonError} can carry: what it means, and what to do next. The table is closed; an application
 * may switch over it. Faults that crossed the wire are not here: they are `ConnectError`s with gRPC's codes.
 */
export const errorCodes = {
  "contract-invalid": {
    meaning: "A contract breaks one of the rules of defineContract.",
    nextStep: "Correct the part that the message names.",
  },
  "option-invalid": {
    meaning: "An option or argument has a value that it cannot have.",
    nextStep: "Correct the option that the message names.",
  },
  "executable-not-found": {
    meaning: "The file to start, or the working directory, does not exist.",
    nextStep: "Check the path; a bare name is looked up in PATH.",
  },
  "executable-not-runnable": {
    meaning: "The file to start exists but the system does not allow running it.",
    nextStep: "Check that it is a file, its execute bit, its owner and the mount options.",
  },
  "executable-format": {
    meaning: "The system cannot run this kind of file: wrong architecture, or its interpreter or loader is missing.",
    nextStep: "Build the plugin for this machine, or check the first line of a script.",
  },
  "spawn-failed": {
    meaning: "The system refused to create the process for another reason.",
    nextStep: "Look at the cause; limits on processes, memory or open files are the usual ones.",
  },
  "checksum-missing": {
    meaning: "A launch asks for a check of its files but gives no digest to compare with.",
    nextStep: "Give the SHA-256 digest of each file in hexadecimal.",
  },
  "checksum-mismatch": {
    meaning: "A file of the plugin is not the one whose digest the launch gives.",
    nextStep: "Install the right file, or update the digest if the change was meant.",
  },
  "launcher-failed": {
    meaning: "A launcher could not start the instance, or broke the rules of its interface.",
    nextStep: "Look at the cause; the message names the launcher.",
  },
  "sandbox-unavailable": {
    meaning: "This machine cannot make the sandbox that the launch asks for.",
    nextStep: "Install bubblewrap and allow user namespaces, or start the plugin without a sandbox.",
  },
  "reattach-malformed": {
    meaning: "A reattach descriptor, or the JSON of several, is not what it must be.",
    nextStep: "Pass it on as the host or the plugin printed it.",
  },
  "instance-not-found": {
    meaning: "The instance that a reattach descriptor names is not there any more.",
    nextStep: "Start a new instance, or run the plugin again and use the descriptor that it prints then.",
  },
  "start-timeout": {
    meaning: "The plugin was started but did not finish its handshake in time.",
    nextStep: "Look at its last stderr lines; raise startTimeoutMs if it is only slow.",
  },
  "start-aborted": {
    meaning: "The caller's signal ended the start.",
    nextStep: "Nothing is left running; start again when wanted.",
  },
  "exited-before-handshake": {
    meaning: "The process ended before it printed a handshake line.",
    nextStep: "Look at its exit code or signal and its last stderr lines.",
  },
  "stdout-closed": {
    meaning: "The plugin closed its standard output before it printed a handshake line, and kept running.",
    nextStep: "Start a program that speaks the handshake.",
  },
  "cookie-mismatch": {
    meaning: "The plugin did not find the magic cookie it expects.",
    nextStep: "Give host and plugin the same cookie key and value; most often this is another application's plugin.",
  },
  "handshake-malformed": {
    meaning: "The first line on the plugin's standard output is no handshake line.",
    nextStep: "Make sure nothing prints before the handshake, and that the program is a plugin.",
  },
  "handshake-too-long": {
    meaning: "The first line on the plugin's standard output is longer than 64 KiB.",
    nextStep: "Make sure nothing prints before the handshake, and that the program is a plugin.",
  },
  "core-version-mismatch": {
    meaning: "The plugin speaks another version of the handshake itself.",
    nextStep: "Use a plugin built for core protocol version 1.",
  },
  "version-mismatch": {
    meaning: "Host and plugin have no version of the contract in common.",
    nextStep: "Update the side that lacks the version.",
  },
  "transport-unsupported": {
    meaning: "The plugin offers its services by something other than gRPC.",
    nextStep: "Use a plugin that speaks gRPC; net/rpc exists in Go only.",
  },
  "transport-mismatch": {
    meaning: "The plugin is reached in another way than the host asked for: by a socket, or by its standard streams.",
    nextStep: "Launch it with { process } where it listens on a socket, with { stdio } where it can do without one.",
  },
  "address-invalid": {
    meaning: "The address in a handshake line cannot be used.",
    nextStep: "Use a unix socket path without | or line breaks, or host:port.",
  },
  "certificate-encoding": {
    meaning: "The certificate in a handshake line is no base64.",
    nextStep: "Send the DER bytes of one certificate in base64 of the standard alphabet, without padding.",
  },
  "certificate-invalid": {
    meaning: "A certificate was received but cannot be read.",
    nextStep: "Send one X.509 certificate with a key that this TLS library knows; P-256 is known everywhere.",
  },
  "tls-missing": {
    meaning: "The host asked for mutual TLS and the plugin answered without a certificate.",
    nextStep: "Update the plugin, or start it with autoMtls: false.",
  },
  "tls-failed": {
    meaning: "The TLS connection to the plugin could not be set up.",
    nextStep: "Look at the cause; something else than the plugin may answer at its address.",
  },
  "connect-failed": {
    meaning: "Nobody answers at the address that the plugin gave.",
    nextStep: "Check that the plugin listens before it prints its line, and that both see the same file system.",
  },
  "multiplex-unsupported": {
    meaning: "The host asked for one connection for everything and the plugin cannot do that.",
    nextStep: 'Update the plugin\'s library, or start it with multiplex: "prefer" or false.',
  },
  "json-rpc-malformed": {
    meaning: "The other side of a JSON-RPC connection sent something else than JSON-RPC.",
    nextStep: "Make sure that it speaks JSON and not gob, and that nothing is printed to its standard output.",
  },
  "json-rpc-too-long": {
    meaning: "The other side of a JSON-RPC connection sent a message over the limit.",
    nextStep: "Send less at once, or raise maxMessageBytes.",
  },
  "broker-timeout": {
    meaning: "Nobody answered under a broker id in time.",
    nextStep: "Serve the id before telling it to the other side, and dial an id once each time it is served.",
  },
  "broker-refused": {
    meaning: "The other side does not serve the broker id that was dialled.",
    nextStep: "Check that the id is the one that the other side passed on, and that it still serves it.",
  },
  "broker-closed": {
    meaning: "There is no broker: its connection or its stream has ended, or the other side has none.",
    nextStep: "Look at the cause; a new connection has a new broker.",
  },
  "plugin-exited": {
    meaning: "The plugin's process ended.",
    nextStep: "Look at its exit code or signal and its last stderr lines, then start a new instance.",
  },
  "instance-busy": {
    meaning: "An instance did not answer a ping in time, and its launcher sees that it works.",
    nextStep: "Ask again later, or stop it; a plugin that answers does its long work in small parts.",
  },
  "memory-exceeded": {
    meaning: "A plugin's thread held more memory than its launch allows, and was ended.",
    nextStep: "Find what it keeps, or raise the limit that the message names.",
  },
  "session-closed": {
    meaning: "The session was stopped and cannot be used any more.",
    nextStep: "Start a new instance.",
  },
  "service-unknown": {
    meaning: "The negotiated version of the contract has no service of this name.",
    nextStep: "Ask for a service of the version in session.version.",
  },
  "host-closed": {
    meaning: "The host was stopped and starts nothing any more.",
    nextStep: "Create a new host.",
  },
  "environment-invalid": {
    meaning: "A handshake variable in the environment has a value that it cannot have.",
    nextStep: "Check what set the variable that the message names; normally only a host does.",
  },
  "cookie-misconfigured": {
    meaning: "The plugin's own contract has no usable magic cookie.",
    nextStep: "Tell the plugin's author: cookie key and value must not be empty.",
  },
  "not-started-by-host": {
    meaning: "The program is a plugin and was not started by its host.",
    nextStep: "Let the application that uses the plugin start it.",
  },
  "socket-path-too-long": {
    meaning: "The path of the plugin's socket does not fit in the system's limit.",
    nextStep: "Use a shorter directory: set socketDir or TMPDIR.",
  },
  "listen-failed": {
    meaning: "The plugin could not listen on its address.",
    nextStep: "Look at the cause; check the directory's permissions or the range of ports.",
  },
  "handshake-write-failed": {
    meaning: "The plugin could not write its handshake line.",
    nextStep: "Check that the host still runs and reads the plugin's standard output.",
  },
  "plugin-invalid": {
    meaning: "The implementation does not fit the contract.",
    nextStep: "Implement exactly the versions, services and methods that the message names.",
  },
  "store-corrupt": {
    meaning: "The file in which a plugin's store is kept is damaged.",
    nextStep: "Put back a copy of the file, or remove it; until then the plugin's calls fail with DataLoss.",
  },
  "store-failed": {
    meaning: "The file in which a plugin's store is kept cannot be read or written.",
    nextStep: "Look at the cause: space, permissions, or another host that uses the same directory.",
  },
  "config-invalid": {
    meaning: "A configuration for a plugin was refused; the one before it stays.",
    nextStep: "Look at the cause, which is what the host's own check threw.",
  },
  "bind-rejected": {
    meaning: "A host that plugins dial in to refuses this one, and will again.",
    nextStep: "Look at the host's code and the field of Hello that the message names.",
  },
  "token-unreadable": {
    meaning: "The file that holds the token of a plugin that dials in cannot be read.",
    nextStep: "Check the path and its permissions; it must be there before the plugin starts.",
  },
  "websocket-missing": {
    meaning: "Plugins are to dial in by WebSocket, and the package ws is not there.",
    nextStep: "Run npm install ws.",
  },
  "websocket-refused": {
    meaning: "What answers at the address that a plugin dials by WebSocket does not take it.",
    nextStep: "Look at the HTTP status that the message names; a proxy in between has to pass on WebSockets.",
  },
} as const satisfies Readonly<Record<string, { readonly meaning: string; readonly nextStep: string }>>;

/** A code of {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes;

/** What a {@link TenonError} carries besides its code and message. */
export interface TenonErrorOptions {
  /** Name of the plugin or contract concerned. */
  readonly plugin?: string | undefined;
  /** Facts by name, for programs; copied. Default: none. */
  readonly facts?: Readonly<Record<string, unknown>> | undefined;
  /** What was caught, unchanged. */
  readonly cause?: unknown;
}

// A registered symbol is the same in every copy of this package, so that instances of one copy are known by another.
const brand = Symbol.for("tenon.error");

/**
 * The one error of Tenon for faults on this side of the wire. Match on {@link TenonError.code}, never on the text.
 * `instanceof` holds across several copies of the package.
 */
export class TenonError extends Error {
  /** Which fault; see {@link errorCodes}. */
  readonly code: ErrorCode;
  /** Name of the plugin or contract concerned, where there is one. */
  readonly plugin: string | undefined;
  /** Facts by name; which ones depends on the code. Frozen, possibly empty. */
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: TenonErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.plugin = options.plugin;
    this.facts = Object.freeze({ ...options.facts });
  }

  static override [Symbol.hasInstance](value: unknown): value is TenonError {
    return typeof value === "object" && value !== null && brand in value;
  }

  static {
    // On the prototype, so that neither is listed where an error is printed or compared.
    Object.defineProperty(this.prototype, "name", { value: "TenonError", writable: true, configurable: true });
    Object.defineProperty(this.prototype, brand, { value: true });
  }
}

/** Tells whether a caught value is a {@link TenonError}, and if a code is given, whether it is that one. */
export function isTenonError(value: unknown, code?: ErrorCode): value is TenonError {
  return value instanceof TenonError && (code === undefined || value.code === code);
}
