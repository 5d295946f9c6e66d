/**
 * A self-signed P-256 identity for a DNS name, for clients that accept nothing else.
 */
import { imported } from "./peer.ts";

/** @returns PEM: the key (PKCS #8), then the certificate */
export async function dnsIdentity(host: string): Promise<string> {
  await imported("reflect-metadata");
  const x509 = await imported<X509>("@peculiar/x509");
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = (await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as CryptoKeyPair;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...{ name: `CN=${host}`, keys, signingAlgorithm: algorithm },
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyCertSign, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: "dns", value: host }]),
    ],
  });
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return `${x509.PemConverter.encode(key, "PRIVATE KEY")}\n${certificate.toString("pem")}\n`;
}

/** As much of @peculiar/x509 as is used here. */
interface X509 {
  readonly X509CertificateGenerator: {
    createSelfSigned(parameters: object): Promise<{ toString(format: "pem"): string }>;
  };
  readonly BasicConstraintsExtension: new (ca: boolean, length: undefined, critical: boolean) => unknown;
  readonly KeyUsagesExtension: new (usages: number, critical: boolean) => unknown;
  readonly ExtendedKeyUsageExtension: new (usages: string[]) => unknown;
  readonly SubjectAlternativeNameExtension: new (names: { type: "dns"; value: string }[]) => unknown;
  readonly KeyUsageFlags: { readonly digitalSignature: number; readonly keyCertSign: number };
  readonly ExtendedKeyUsage: { readonly serverAuth: string };
  readonly PemConverter: { encode(bytes: ArrayBuffer, tag: string): string };
}
