import { execFile } from "node:child_process";
import { generateKeyPairSync, randomBytes, X509Certificate } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** Files of one party in a folder that only its owner can read: ca.crt, tls.crt and tls.key. */
interface Credentials {
  readonly folder: string;
  /** SHA-256 of the certificate, as Node prints it. */
  readonly fingerprint256: string;
}

/** An authority that vouches for the host and its plugins, and for nobody else. */
export interface Authority {
  /** A certificate for a server at these addresses. */
  issueHost(addresses: readonly string[]): Promise<Credentials>;
  /** A certificate for a client of this name. */
  issuePlugin(name: string): Promise<Credentials>;
}

/** Makes an authority for a day. Rejects where there is no openssl. */
export async function createAuthority(folder: string): Promise<Authority> {
  const root = join(folder, "authority");
  await sign(root, "tenon example authority", ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"]);

  async function issue(name: string, usage: string, names: readonly string[]): Promise<Credentials> {
    const own = join(folder, name);
    const may = ["keyUsage=critical,digitalSignature", `extendedKeyUsage=${usage}`];
    await sign(own, name, ["basicConstraints=critical,CA:FALSE", ...may, `subjectAltName=${names.join()}`], root);
    await writeFile(join(own, "ca.crt"), await readFile(join(root, "tls.crt")));
    return { folder: own, fingerprint256: new X509Certificate(await readFile(join(own, "tls.crt"))).fingerprint256 };
  }

  return {
    issueHost: (addresses) =>
      issue(
        "host",
        "serverAuth",
        addresses.map((address) => `IP:${address}`),
      ),
    issuePlugin: (name) => issue(name, "clientAuth", [`DNS:${name}`]),
  };
}

/** Makes a key and a certificate, signed by the authority in the folder `by`, else by itself. */
async function sign(folder: string, commonName: string, extensions: readonly string[], by = folder): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  const at = (file: string) => join(folder, file);
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await writeFile(at("tls.key"), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  await writeFile(
    at("openssl.cnf"),
    ["[req]", "distinguished_name=name", "[name]", "[all]", ...extensions, ""].join("\n"),
  );
  await openssl(
    "req",
    "-new",
    "-config",
    at("openssl.cnf"),
    "-subj",
    `/CN=${commonName}`,
    "-key",
    at("tls.key"),
    "-out",
    at("csr"),
  );
  const signer =
    by === folder
      ? ["-signkey", at("tls.key")]
      : [
          "-CA",
          join(by, "tls.crt"),
          "-CAkey",
          join(by, "tls.key"),
          "-set_serial",
          `0x${randomBytes(8).toString("hex")}`,
        ];
  const extended = ["-extfile", at("openssl.cnf"), "-extensions", "all"];
  await openssl(
    "x509",
    "-req",
    "-in",
    at("csr"),
    ...signer,
    "-days",
    "1",
    "-sha256",
    ...extended,
    "-out",
    at("tls.crt"),
  );
}

async function openssl(...args: string[]): Promise<void> {
  await promisify(execFile)("openssl", args).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") throw new Error("openssl, which makes the certificates, is not on the PATH");
    throw error;
  });
}
