import { type Certificate, createCertificate } from "@tenon/wire";

/** A certificate made in advance, if there is one. Each start of a host has one of its own. */
export interface CertificateStock {
  next?: Certificate | undefined;
}

/** The certificate of a start. */
export function takeCertificate(stock: CertificateStock): Certificate {
  const certificate = stock.next ?? createCertificate();
  stock.next = undefined;
  return certificate;
}

/** Makes the next one, for a start that would wait 1 ms for it. To be called while a plugin is waited for. */
export function makeNextCertificate(stock: CertificateStock): void {
  stock.next ??= createCertificate();
}
