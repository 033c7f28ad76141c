import type { IncomingMessage } from "node:http";
import { TenonError } from "@tenon/core";

/** A host says in one line why it does not want a WebSocket; the page of a proxy is longer. */
const maxBodyBytes = 200;

/** What an HTTP answer in place of a WebSocket means. */
export async function refusedUpgrade(url: string, response: IncomingMessage): Promise<TenonError> {
  const { statusCode = 0, headers } = response;
  const { location } = headers;
  const said = headers["content-type"] === "text/plain" ? await readStart(response) : "";
  const why = said === "" ? "" : ` (${said})`;
  return new TenonError(
    "websocket-refused",
    `The plugin got no WebSocket at ${url} but HTTP status ${statusCode}${why}: ${adviseOn(statusCode, location)}.`,
    { facts: { url, status: statusCode, ...(location !== undefined && { location }) } },
  );
}

function adviseOn(status: number, location: string | undefined): string {
  if (location !== undefined) return `it points to ${location}, which is not followed; give the address itself`;
  if (status === 401 || status === 407) return "a proxy wants to know who comes; see the option webSocket.headers";
  if (status === 403) return "the host, or a proxy before it, does not allow it";
  if (status === 404) return "there is nothing at this path";
  if (status === 429 || status === 503) return "it is too busy, or about to end";
  if (status === 502 || status === 504) return "a proxy is there, and the host behind it is not";
  return "a web server is there that takes no WebSocket; a proxy has to pass on the headers Upgrade and Connection";
}

async function readStart(response: IncomingMessage): Promise<string> {
  let text = "";
  response.setEncoding("utf8");
  try {
    for await (const chunk of response) {
      text += chunk;
      if (text.length >= maxBodyBytes) break;
    }
  } catch {
    // What came is enough.
  }
  return text
    .slice(0, maxBodyBytes)
    .replace(/\p{Cc}+/gu, " ")
    .trim();
}
