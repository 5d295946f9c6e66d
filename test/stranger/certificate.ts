/** Makes a self-signed P-256 certificate for one XMPP address, with the `openssl` of this machine. */

import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";

const XMPP_ADDR = "1.3.6.1.5.5.7.8.5";

export interface Certified {
  /** both PEM */
  key: string;
  certificate: string;
  /** SHA-256, `AB:CD:…` */
  fingerprint: string;
}

export function certify(address: string): Certified {
  const subject = ["-subj", `/CN=${address}`, "-addext", `subjectAltName=otherName:${XMPP_ADDR};UTF8:${address}`];
  const algorithm = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const options = ["req", "-x509", "-days", "2", ...algorithm, ...subject, "-keyout", "-", "-out", "-"];
  const pem = execFileSync("openssl", options, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const [key = "", certificate = ""] = pem.split(/(?=-----BEGIN CERTIFICATE-----)/);
  return { key, certificate, fingerprint: new X509Certificate(certificate).fingerprint256 };
}
