// Our end of the group bind that calls: a host to which the plugin dials in, on the address given as JSON.
import { kv } from "@tenon/example-kv/contract";
import { createHost } from "@tenon/host";
import { createCertificate } from "@tenon/wire/tls";
import { serveOrders } from "../lib/client-loop.js";
import { listen } from "./listen.js";

const { address, tls } = JSON.parse(process.argv[2]!) as { readonly address?: string; readonly tls?: boolean };

await using host = createHost();
const own = tls === true ? createCertificate() : undefined;
const listening = await listen(
  host,
  kv,
  { ...(address !== undefined && { address }), ...(own && { tls: { cert: own.certPem, key: own.keyPem } }) },
  own && { ca: own.certPem },
);
const client = (await listening.open("tenon/bind-plugin")).client("kv");
await serveOrders({ get: (key) => client.get({ key }), put: (key, value) => client.put({ key, value }) });
await listening.stop();
