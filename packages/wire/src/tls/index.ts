export { createCertificate } from "./certificate.js";
export type { Certificate, CertificateOptions } from "./certificate.js";
export { pinnedTls } from "./pinned.js";
export type { PinnedTlsOptions } from "./pinned.js";
export { secureClient } from "./secure-client.js";
