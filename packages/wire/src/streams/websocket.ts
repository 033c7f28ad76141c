export { maxWebSocketMessageBytes, streamFromWebSocket } from "./websocket-stream.js";
export type { WebSocketLike } from "./websocket-stream.js";
