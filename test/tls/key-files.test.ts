/**
 * Private keys as other programs write them: each form of PKCS#8, in the clear and encrypted, and PEM as it comes out of
 * editors, mails and exports. What is none is refused for what it is, and not for its passphrase.
 */

import { createCipheriv, createPrivateKey, generateKeyPairSync, pbkdf2Sync, randomBytes, type KeyObject } from "node:crypto";

import { XtlsError } from "../../bindings/node.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { basicConstraints, mint, octets, tlv } from "./mint.ts";
import { openssl } from "./issuer.ts";
import { openPair, thrown } from "./pair.ts";

const test = suite("key files");
const core = await loadCore();
const PASSPHRASE = "wherefore art thou?";

const KEYS: Readonly<Record<string, KeyObject>> = {
  "P-256": generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
  "P-384": generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey,
  "RSA-2048": generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey,
};
const certificateOf = (key: KeyObject) => mint({ name: "juliet", key, extensions: [basicConstraints(false)] }).certificate;
const CERTIFICATES = Object.fromEntries(Object.entries(KEYS).map(([kind, key]) => [kind, certificateOf(key)]));

/* --- DER -------------------------------------------------------------------------- */

const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTETS = 0x04;
const OID = 0x06;
const SEQUENCE = 0x30;
const SET = 0x31;
const ATTRIBUTES = 0xa0;
const PUBLIC_KEY = 0x81;

/** The three parts that every PKCS#8 has. */
interface Parts {
  readonly algorithm: Buffer;
  readonly key: Buffer;
  readonly publicKey: Buffer;
}

function elements(der: Uint8Array): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < der.length;) {
    const first = der[at + 1]!;
    const digits = first < 0x80 ? 0 : first & 0x7f;
    const length = digits === 0 ? first : Buffer.from(der).readUIntBE(at + 2, digits);
    const end = at + 2 + digits + length;
    found.push(Buffer.from(der.subarray(at, end)));
    at = end;
  }
  return found;
}

function contents(element: Buffer): Buffer {
  const digits = element[1]! < 0x80 ? 0 : element[1]! & 0x7f;
  return element.subarray(2 + digits);
}

function partsOf(key: KeyObject): Parts {
  const [, algorithm, octets] = elements(contents(key.export({ format: "der", type: "pkcs8" })));
  const [, bits] = elements(contents(createPublic(key)));
  return { algorithm: algorithm!, key: octets!, publicKey: contents(bits!) };
}

const createPublic = (key: KeyObject): Buffer =>
  Buffer.from(
    openssl(["pkey", "-pubout"], key.export({ format: "pem", type: "pkcs8" }) as string).replace(/-----.*-----|\s/g, ""),
    "base64",
  );

const version = (number: number) => tlv(INTEGER, Uint8Array.of(number));

/** Windows' own: keyUsage (2.5.29.15), digitalSignature. */
const KEY_USAGE = tlv(
  ATTRIBUTES,
  tlv(SEQUENCE, tlv(OID, Uint8Array.of(0x55, 0x1d, 0x0f)), tlv(SET, tlv(BIT_STRING, Uint8Array.of(0, 0x80)))),
);

/** Each form of one key. */
const FORMS: Readonly<Record<string, (parts: Parts) => Uint8Array>> = {
  "version 1": ({ algorithm, key }) => tlv(SEQUENCE, version(0), algorithm, key),
  "version 1 with attributes, as Windows and .NET have it": ({ algorithm, key }) =>
    tlv(SEQUENCE, version(0), algorithm, key, KEY_USAGE),
  "version 1 with an empty set of attributes": ({ algorithm, key }) => tlv(SEQUENCE, version(0), algorithm, key, tlv(ATTRIBUTES)),
  "version 2": ({ algorithm, key }) => tlv(SEQUENCE, version(1), algorithm, key),
  "version 2 with its public key": ({ algorithm, key, publicKey }) =>
    tlv(SEQUENCE, version(1), algorithm, key, tlv(PUBLIC_KEY, publicKey)),
  "version 2 with attributes and its public key": ({ algorithm, key, publicKey }) =>
    tlv(SEQUENCE, version(1), algorithm, key, KEY_USAGE, tlv(PUBLIC_KEY, publicKey)),
};

/** What is no PKCS#8, but looks like it. */
const BROKEN: Readonly<Record<string, (parts: Parts) => Uint8Array>> = {
  "version 3": ({ algorithm, key }) => tlv(SEQUENCE, version(2), algorithm, key),
  "version 1 with a public key": ({ algorithm, key, publicKey }) =>
    tlv(SEQUENCE, version(0), algorithm, key, tlv(PUBLIC_KEY, publicKey)),
  "attributes behind the public key": ({ algorithm, key, publicKey }) =>
    tlv(SEQUENCE, version(1), algorithm, key, tlv(PUBLIC_KEY, publicKey), KEY_USAGE),
  "attributes twice": ({ algorithm, key }) => tlv(SEQUENCE, version(1), algorithm, key, KEY_USAGE, KEY_USAGE),
  "something else behind the key": ({ algorithm, key }) => tlv(SEQUENCE, version(1), algorithm, key, tlv(0x82, Uint8Array.of(0))),
  "attributes that are longer than the file": ({ algorithm, key }) =>
    tlv(SEQUENCE, version(0), algorithm, key, Uint8Array.of(ATTRIBUTES, 5)),
  "no key": ({ algorithm }) => tlv(SEQUENCE, version(0), algorithm),
  "a number": () => tlv(SEQUENCE, version(0)),
};

/* --- PEM and PBES2 ------------------------------------------------------------------- */

const pem = (label: string, der: Uint8Array): string =>
  [
    `-----BEGIN ${label}-----`,
    ...Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g)!,
    `-----END ${label}-----`,
    "",
  ].join("\n");

/** AES-256-CBC under PBKDF2-HMAC-SHA-256, few rounds. */
function encrypted(der: Uint8Array, passphrase = PASSPHRASE): Uint8Array {
  const [salt, iv, rounds] = [randomBytes(8), randomBytes(16), 10];
  const cipher = createCipheriv("aes-256-cbc", pbkdf2Sync(passphrase, salt, rounds, 32, "sha256"), iv);
  const oid = (hex: string) => tlv(OID, Buffer.from(hex, "hex"));
  const kdf = tlv(
    SEQUENCE,
    oid("2a864886f70d01050c"),
    tlv(SEQUENCE, octets(salt), version(rounds), tlv(SEQUENCE, oid("2a864886f70d0209"), tlv(0x05))),
  );
  const scheme = tlv(
    SEQUENCE,
    oid("2a864886f70d01050d"),
    tlv(SEQUENCE, kdf, tlv(SEQUENCE, oid("60864801650304012a"), octets(iv))),
  );
  return tlv(SEQUENCE, scheme, tlv(OCTETS, Buffer.concat([cipher.update(der), cipher.final()])));
}

for (const [form, write] of Object.entries(FORMS)) {
  test(`reads PKCS#8, ${form}, in the clear and encrypted`, async () => {
    for (const [kind, key] of Object.entries(KEYS)) {
      const der = write(partsOf(key));
      // OpenSSL 3.0 knows no public key behind the private one.
      if (!form.includes("public key"))
        assert.ok(createPrivateKey({ key: Buffer.from(der), format: "der", type: "pkcs8" }).equals(key));
      const plain = core.identityFromPEM(pem("PRIVATE KEY", der) + CERTIFICATES[kind]);
      const locked = await core.identityFromEncryptedPEM(
        pem("ENCRYPTED PRIVATE KEY", encrypted(der)) + CERTIFICATES[kind],
        PASSPHRASE,
      );
      assert.is(
        plain.toPEM(),
        core.identityFromPEM(key.export({ format: "pem", type: "pkcs8" }) + CERTIFICATES[kind]!).toPEM(),
        kind,
      );
      assert.is(locked.toPEM(), plain.toPEM(), kind);
      assert.is(openPair(core, {}, { identity: locked }).responder.peer?.spkiFingerprint, plain.spkiFingerprint);
    }
  });
}

for (const [form, write] of Object.entries(BROKEN)) {
  test(`refuses ${form} as a key, and not for its passphrase`, async () => {
    for (const [kind, key] of Object.entries(KEYS)) {
      const der = write(partsOf(key));
      const plain = thrown(() => core.identityFromPEM(pem("PRIVATE KEY", der) + CERTIFICATES[kind])) as XtlsError;
      const locked = await core
        .identityFromEncryptedPEM(pem("ENCRYPTED PRIVATE KEY", encrypted(der)) + CERTIFICATES[kind], PASSPHRASE)
        .catch((error: XtlsError) => error);
      for (const error of [plain, locked]) {
        assert.instance(error, XtlsError, `${form}, ${kind}`);
        assert.is((error as XtlsError).code, "invalid-identity", kind);
        assert.match((error as XtlsError).message, /^The private key: /);
      }
    }
  });
}

test("a right passphrase is none that is wrong, whatever it has opened", async () => {
  const others = ["ed25519", "x25519"].map((type) =>
    generateKeyPairSync(type as "ed25519").privateKey.export({ format: "der", type: "pkcs8" }),
  );
  for (const der of others) {
    const error = await core
      .identityFromEncryptedPEM(pem("ENCRYPTED PRIVATE KEY", encrypted(der)) + CERTIFICATES["P-256"], PASSPHRASE)
      .catch((caught: XtlsError) => caught);
    assert.is((error as XtlsError).code, "invalid-identity");
  }
});

test("a passphrase opens what others encrypted under it as it was typed, composed or not", async () => {
  const der = KEYS["P-256"]!.export({ format: "der", type: "pkcs8" });
  for (const passphrase of ["J\u00falia", "Ju\u0301lia"]) {
    const text = pem("ENCRYPTED PRIVATE KEY", encrypted(der, passphrase)) + CERTIFICATES["P-256"];
    assert.is(
      (await core.identityFromEncryptedPEM(text, passphrase)).toPEM(),
      core.identityFromPEM(pem("PRIVATE KEY", der) + CERTIFICATES["P-256"]).toPEM(),
    );
    const error = await core.identityFromEncryptedPEM(text, "Julia").catch((caught: XtlsError) => caught);
    assert.is((error as XtlsError).code, "wrong-passphrase");
  }
});

/* --- how the text may look ------------------------------------------------------------ */

const key = KEYS["P-256"]!;
const pkcs8 = key.export({ format: "pem", type: "pkcs8" }) as string;
const sec1 = key.export({ format: "pem", type: "sec1" }) as string;
const own = CERTIFICATES["P-256"]!;
const unwrapped = (text: string, width: number) =>
  text.replace(/(-----BEGIN [A-Z ]+-----\n)([^-]*)(-----END)/g, (_, begin: string, body: string, end: string) => {
    const lines = body.replace(/\n/g, "").match(new RegExp(`.{1,${width}}`, "g"))!;
    return `${begin}${lines.join("\n")}\n${end}`;
  });

const TEXTS: Readonly<Record<string, string>> = {
  "the certificate first": own + pkcs8,
  "line ends of Windows": (pkcs8 + own).replace(/\n/g, "\r\n"),
  "a byte order mark": `\ufeff${pkcs8}${own}`,
  "no line end at the end": (pkcs8 + own).trimEnd(),
  "empty lines between": `\n\n${pkcs8}\n\n\n${own}\n\n`,
  "attributes of a bag, as openssl pkcs12 writes them": `Bag Attributes\n    localKeyID: 01 00 00 00 \n    friendlyName: Juliet\nKey Attributes: <No Attributes>\n${pkcs8}Bag Attributes\n    localKeyID: 01 00 00 00 \nsubject=CN = juliet\n\nissuer=CN = juliet\n\n${own}`,
  "the curve's parameters before the key, as openssl ecparam -genkey writes them": `${openssl(["ecparam", "-name", "prime256v1"], "")}${sec1}${own}`,
  "lines of 76 characters": unwrapped(pkcs8 + own, 76),
  "one long line": unwrapped(pkcs8 + own, 100_000),
  "spaces at the ends of lines": (pkcs8 + own).replace(/([A-Za-z0-9+/=])\n/g, "$1  \n"),
};

for (const [what, text] of Object.entries(TEXTS)) {
  test(`reads a text with ${what}`, async () => {
    const [identity, again] = [core.identityFromPEM(text), await core.identityFromEncryptedPEM(text, PASSPHRASE)];
    assert.equal([identity.toPEM(), again.toPEM()], [core.identityFromPEM(pkcs8 + own).toPEM(), identity.toPEM()]);
    const locked = text.replace(/-----BEGIN (EC )?PRIVATE KEY-----[^]*-----END (EC )?PRIVATE KEY-----/, () =>
      pem("ENCRYPTED PRIVATE KEY", encrypted(key.export({ format: "der", type: "pkcs8" }))).trimEnd(),
    );
    assert.is((await core.identityFromEncryptedPEM(locked, PASSPHRASE)).toPEM(), identity.toPEM());
  });
}

test.run();
