import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Certificate, createCertificate } from "@tenon/wire";
import { useSandbox } from "../../support/sandbox.js";
import { type InteropCase, interopCases } from "./cases.js";
import { compressionCases } from "./compression-cases.js";
import { dialInterop, serveInterop, type StartedServer } from "./ends.js";
import { interopPrograms, runGo, startGo } from "./go-peers.js";

const { directory } = useSandbox();
const { client: goClient, server: goServer, compression: goCompression, missing } = await interopPrograms();
const skip = missing ?? false;

/** Makes cases with our client. */
function clientSuite(
  title: string,
  start: () => Promise<StartedServer>,
  cases: Readonly<Record<string, InteropCase>>,
  options: { own?: Certificate | undefined; skip?: string | false } = {},
): void {
  const ids = "[WIRE-01] [WIRE-02] [WIRE-03] [WIRE-04] [WIRE-05] [WIRE-13]";
  describe(`our interop client against ${title} ${ids}`, { skip: options.skip ?? false }, () => {
    let server: StartedServer;
    let client: Awaited<ReturnType<typeof dialInterop>>;
    before(async () => {
      server = await start();
      client = await dialInterop(server.port, options.own);
    });
    after(async () => {
      client.close();
      await server.stop();
    });
    for (const [name, run] of Object.entries(cases)) test(name, () => run(client));
  });
}

async function startGoInterop(own: Certificate | undefined): Promise<StartedServer> {
  if (own === undefined) return startGo(goServer!, "--port=0");
  const [cert, key] = [join(directory, "cert.pem"), join(directory, "key.pem")];
  await writeFile(cert, own.certPem);
  await writeFile(key, own.keyPem);
  return startGo(goServer!, "--port=0", "--use_tls", `--tls_cert_file=${cert}`, `--tls_key_file=${key}`);
}

for (const own of [undefined, createCertificate()]) {
  const over = own === undefined ? "plaintext" : "TLS";

  describe(`grpc-go's interop client against our server, ${over} [WIRE-01] [WIRE-02] [WIRE-05]`, { skip }, () => {
    const authority = join(directory, `${over}.pem`);
    let served: StartedServer;
    before(async () => {
      served = await serveInterop(own);
      if (own !== undefined) await writeFile(authority, own.certPem);
    });
    after(() => served.stop());
    for (const name of Object.keys(interopCases)) {
      test(name, () => {
        const tls = ["--use_tls", "--use_test_ca", `--ca_file=${authority}`, "--server_host_override=localhost"];
        const where = ["--server_host=127.0.0.1", `--server_port=${served.port}`];
        return runGo(goClient!, `--test_case=${name}`, ...where, ...(own === undefined ? [] : tls));
      });
    }
  });

  clientSuite(`grpc-go's server, ${over}`, () => startGoInterop(own), interopCases, { own, skip });
  const all = { ...interopCases, ...compressionCases({ mixedAnswers: true }) };
  clientSuite(`our server, ${over}`, () => serveInterop(own), all, { own });
}

const unmixed = compressionCases({ mixedAnswers: false });
clientSuite("grpc-go's server with gzip", () => startGo(goCompression!, "--serve"), unmixed, { skip });

describe("a client on grpc-go with gzip against our server [WIRE-01]", { skip }, () => {
  let served: StartedServer;
  before(async () => {
    served = await serveInterop(undefined);
  });
  after(() => served.stop());
  for (const name of Object.keys(unmixed)) {
    test(name, () => runGo(goCompression!, `--server=127.0.0.1:${served.port}`, `--test_case=${name}`));
  }
});
