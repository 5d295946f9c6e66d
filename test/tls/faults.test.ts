/**
 * What is told of a text that is no identity, and of a bundle that is no set of authorities: which of many things it is.
 */

import { generateKeyPairSync, type KeyObject } from "node:crypto";

import { XtlsError, type AuthoritySources } from "../../bindings/node.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { basicConstraints, extension, keyUsage, mint, mintList, octets, pem, type Minted } from "./mint.ts";
import { openPair, thrown } from "./pair.ts";

const test = suite("faults");
const core = await loadCore();

const CA = [basicConstraints(true), keyUsage(0x06)];
const DEVICE = [basicConstraints(false), keyUsage(0x80)];
const root = mint({ name: "Root of Verona", extensions: CA });
const middle = mint({ name: "Verona", by: root, extensions: CA });
const juliet = mint({ name: "juliet", by: middle, extensions: DEVICE });
const other = mint({ name: "nurse", by: middle, extensions: DEVICE });

const pemOf = (key: KeyObject, type: "pkcs8" | "sec1" = "pkcs8") => key.export({ format: "pem", type }) as string;
const cut = (text: string) => text.slice(0, text.length - 60);
const spoilt = (text: string) => text.replace(/\n(.{10})./, "\n$1*");
const unread = (text: string) => text.replace(/\nMI../, "\nMIAA");
const keyOf = (type: "ed25519" | "x25519") => pemOf(generateKeyPairSync(type as "ed25519").privateKey);
const P521 = generateKeyPairSync("ec", { namedCurve: "P-521" }).privateKey;
const SECP256K1 = generateKeyPairSync("ec", { namedCurve: "secp256k1" }).privateKey;
const block = (label: string) => `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`;
const { key, certificate } = juliet;

/** A certificate of about so many bytes. */
const big = (length: number, by = middle): Minted =>
  mint({ name: "big", by, extensions: [...DEVICE, extension("1.2.3.4", octets(new Uint8Array(length)))] });

const line = [root];
while (line.length < 12) line.push(mint({ name: `Under ${line.length}`, by: line.at(-1)!, extensions: CA }));

/** Name of the cause: the text, and what is told of it. */
const IDENTITIES: Readonly<Record<string, readonly [text: string, told: RegExp]>> = {
  "nothing at all": ["", /^There is no certificate, nor any other block of PEM/],
  "some text": ["<html>Not found</html>", /^There is no certificate, nor any other block of PEM/],
  "a key alone": [key, /^There is no certificate, only PRIVATE KEY/],
  "a certificate alone": [certificate, /^There is no private key, only CERTIFICATE/],
  "a request in the certificate's place": [
    key + block("CERTIFICATE REQUEST"),
    /^There is no certificate, only PRIVATE KEY, CERTIFICATE REQUEST/,
  ],
  "OpenSSH's own form of key": [
    block("OPENSSH PRIVATE KEY") + certificate,
    /^There is no private key, only OPENSSH PRIVATE KEY, CERTIFICATE/,
  ],
  "a public key": [block("PUBLIC KEY") + certificate, /^There is no private key, only PUBLIC KEY, CERTIFICATE/],
  "a certificate that is cut off": [key + cut(certificate), /^Certificate 1 of 1: it is cut off/],
  "a certificate that is no base64": [key + spoilt(certificate), /^Certificate 1 of 1: its text is not base64/],
  "a certificate that is no DER": [key + unread(certificate), /^Certificate 1 of 1: it is no well-formed DER/],
  "a second certificate that is bad": [
    key + certificate + unread(middle.certificate),
    /^Certificate 2 of 2: it is no well-formed DER/,
  ],
  "a critical extension": [
    key +
      certificate +
      mint({ name: "x", by: root, extensions: [...CA, extension("1.2.3.4", octets(), true)] }).certificate,
    /^Certificate 2 of 2: it has an extension that is malformed, or critical and not known here/,
  ],
  "a key that is cut off": [cut(key) + certificate, /^The private key: it is malformed/],
  "a key that is no base64": [spoilt(key) + certificate, /^The private key: /],
  "a key that is no DER": [unread(key) + certificate, /^The private key: /],
  "a key of Ed25519": [keyOf("ed25519") + certificate, /^The private key: .*not supported here/],
  "a key of X25519": [keyOf("x25519") + certificate, /^The private key: it belongs to another certificate/],
  "a key on P-521": [pemOf(P521) + certificate, /^The private key: .*not supported here/],
  "a key on secp256k1": [pemOf(SECP256K1) + certificate, /^The private key: .*not supported here/],
  "somebody else's key": [other.key + certificate, /^The private key: it belongs to another certificate/],
  "a key of another kind": [
    pemOf(generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey) + certificate,
    /^The private key: it belongs to another certificate/,
  ],
  "two keys, the wrong one first": [
    other.key + key + certificate,
    /^The first of 2 private keys: it belongs to another/,
  ],
  "the issuer's certificate first": [
    key + middle.certificate + certificate,
    /^The private key belongs to certificate 2: its own comes first/,
  ],
  "eleven certificates": [
    key +
      certificate +
      line
        .slice(1, 11)
        .map((one) => one.certificate)
        .join(""),
    /^There are 11 certificates, and 10 are the most/,
  ],
  "more than a handshake carries": [
    key + certificate + big(9000).certificate + big(8000).certificate,
    /^Its 3 certificates have \d{5} bytes, and a handshake carries 16384/,
  ],
};

for (const [name, [text, told]] of Object.entries(IDENTITIES)) {
  test(`an identity is refused for ${name}, in so many words`, () => {
    const error = thrown(() => core.identityFromPEM(text)) as XtlsError;
    assert.instance(error, XtlsError);
    assert.is(error.code, "invalid-identity", error.message);
    assert.is(error.row.blame, "caller");
    assert.match(error.message, told);
  });
}

test("the words are as many as the causes: no two that a person would mend in different ways read alike", () => {
  const told = Object.values(IDENTITIES).map(
    ([text]) => (thrown(() => core.identityFromPEM(text)) as XtlsError).message,
  );
  assert.ok(new Set(told).size >= 18, `${new Set(told).size} of ${told.length}`);
});

test("nothing of a key is told, nor left in the module", () => {
  for (const [text] of Object.values(IDENTITIES)) {
    const { message } = thrown(() => core.identityFromPEM(text)) as XtlsError;
    for (const line of text.split("\n").filter((one) => one.length > 20 && !one.startsWith("-")))
      assert.not(message.includes(line.slice(0, 10)));
  }
  const body = key.split("\n")[1]!;
  assert.not(Buffer.from(core.module.memory.buffer).includes(Buffer.from(body)));
});

const small = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
const weak = mint({ name: "weak", by: root, extensions: DEVICE, key: small });

test("a key that is not computed with is told as such, and where it is", () => {
  for (const [read, told] of [
    [() => core.identityFromPEM(weak.pem), /^Certificate 1 of 1: its key has a length/],
    [() => core.identityFromPEM(key + certificate + weak.certificate), /^Certificate 2 of 2: its key has a length/],
    [() => core.authorities(root.certificate + weak.certificate), /^CERTIFICATE 2 of 2: its key has a length/],
    [() => core.certificate(weak.der), /^The certificate: its key has a length/],
  ] as const) {
    const error = thrown(read) as XtlsError;
    assert.is(error.code, "unfit-key", error.message);
    assert.match(error.message, told);
  }
});

// --- a chain of one's own that is too long -------------------------------------------------------

/** Key and chain whose Certificate message has exactly so many bytes. */
function chainOf(message: number): string {
  const overhead = 8 + 2 * 5;
  const room = message - overhead - juliet.der.length;
  const probe = big(1000);
  const filler = big(1000 + room - probe.der.length);
  const length = overhead + juliet.der.length + filler.der.length;
  return length === message ? key + certificate + filler.certificate : chainOf(message);
}

test("what just fits into a handshake is carried by it, whoever shows it; one byte more is refused when it is read", () => {
  const identity = core.identityFromPEM(chainOf(16384));
  for (const role of ["initiator", "responder"] as const) {
    const shown = { identity };
    const ends = role === "initiator" ? openPair(core, {}, shown) : openPair(core, {}, {}, shown);
    const peer = role === "initiator" ? ends.responder.peer : ends.initiator.peer;
    assert.is(peer?.chain.length, 2);
  }
  const error = thrown(() => core.identityFromPEM(chainOf(16385))) as XtlsError;
  assert.is(error.code, "invalid-identity");
  assert.match(error.message, "a handshake carries 16384");
});

// --- authorities ------------------------------------------------------------------------------------

const list = mintList({ by: root, revoked: [7] });
const crl = pem("X509 CRL", list);
const critical = mint({ name: "x", extensions: [...CA, extension("1.2.3.4", octets(), true)] }).certificate;

const BUNDLES: Readonly<Record<string, readonly [sources: AuthoritySources, told: RegExp]>> = {
  "a page": [
    "<html>Not found</html>",
    /^There is no certificate and no revocation list in it, nor any other block of PEM/,
  ],
  "a key": [key, /^There is no certificate and no revocation list in it, only PRIVATE KEY/],
  "a block that is cut off": [root.certificate + cut(middle.certificate), /^CERTIFICATE 2 of 2: it is cut off/],
  "a block in the middle": [
    root.certificate + unread(middle.certificate) + other.certificate,
    /^CERTIFICATE 2 of 3: it is no well-formed DER/,
  ],
  "a critical extension": [
    root.certificate + middle.certificate + critical,
    /^CERTIFICATE 3 of 3: it has an extension/,
  ],
  "a list that is spoilt": [root.certificate + spoilt(crl), /^X509 CRL 2 of 2: its text is not base64/],
  "a list that is no list": [root.certificate + pem("X509 CRL", root.der), /^X509 CRL 2 of 2: /],
  "a list alone": [crl, /^The first source has no certificate/],
  "the third source": [
    [root.certificate, crl, middle.certificate + cut(crl)],
    /^Source 3 of 3: X509 CRL 2 of 2: it is cut off/,
  ],
  "DER that is neither": [
    [root.der, juliet.der.slice(0, -1)],
    /^Source 2 of 2: it is neither a certificate nor a revocation list/,
  ],
  "DER of a list first": [[list, root.der], /^Source 1 of 2: the first source is no certificate/],
};

for (const [name, [sources, told]] of Object.entries(BUNDLES)) {
  test(`authorities are refused for ${name}, and it is told where that is`, () => {
    for (const read of [
      () => core.authorities(sources),
      () => core.engine({ role: "initiator", identity: core.identityFromPEM(key + certificate), authorities: sources }),
    ]) {
      const error = thrown(read) as XtlsError;
      assert.is(error.code, "invalid-certificate", error.message);
      assert.match(error.message, told);
    }
  });
}

test("a text of nothing but beginnings is looked through once, not once for each", () => {
  const text = root.certificate + "-----BEGIN X509 CRL-----\n".repeat(2000);
  const { indexOf } = String.prototype;
  let looked = 0;
  String.prototype.indexOf = function (wanted: string, from = 0) {
    const found = indexOf.call(this, wanted, from);
    looked += (found < 0 ? this.length : found) - from;
    return found;
  };
  try {
    for (const read of [() => core.authorities(text), () => core.identityFromPEM(text + key)]) {
      const { code, message } = thrown(read) as XtlsError;
      assert.match(`${code}: ${message}`, /cut off|belongs to another certificate/);
    }
  } finally {
    String.prototype.indexOf = indexOf;
  }
  assert.ok(looked < 10 * text.length, `${looked} characters of ${text.length}`);
});

test("of somebody's certificate it is told what is wrong with it", () => {
  const said = (der: Uint8Array) => (thrown(() => core.certificate(der)) as XtlsError).message;
  assert.match(said(new Uint8Array(40)), /^The certificate: it is no well-formed DER/);
  assert.match(
    said(Buffer.from(critical.replace(/-----[^-]+-----/g, ""), "base64")),
    /^The certificate: it has an extension/,
  );
});

test.run();
