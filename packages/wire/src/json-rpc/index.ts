export { createJsonRpcChannel } from "./channel.js";
export type { JsonRpcChannel, JsonRpcCounters } from "./channel.js";
export { serveJsonRpc } from "./server.js";
export type { JsonRpcServer } from "./server.js";
export type { JsonRpcService } from "./served-methods.js";
export type { JsonRpcChannelOptions, JsonRpcOptions, JsonRpcServerOptions } from "./options.js";
export type { MessageForm } from "./message-form.js";
export type { JsonRpcNames } from "./names.js";
export { checkNames } from "./names.js";
