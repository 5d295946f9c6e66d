/** Signatures by ECDSA that are not DER: one certificate or list must not exist in two forms (RFC 5280 §4.1.1.3). */

import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { xmppAddr } from "./issuer.ts";
import { derOf, OpensslCa } from "./openssl-ca.ts";

const test = suite("signatures");
const core = await loadCore();
const root = OpensslCa.root("Root of Verona");
const strong = OpensslCa.root("Root of Mantua", { kind: "P-384" });
test.after(() => [root, strong].forEach((ca) => ca.dispose()));

/** One element: its tag, its contents and where the next one begins. */
function read(der: Uint8Array, at = 0): { tag: number; body: Uint8Array; end: number } {
  const [tag, first] = [der[at]!, der[at + 1]!];
  const more = first < 0x80 ? 0 : first & 0x7f;
  const length = more === 0 ? first : der.slice(at + 2, at + 2 + more).reduce((sum, byte) => sum * 256 + byte, 0);
  const start = at + 2 + more;
  return { tag, body: der.slice(start, start + length), end: start + length };
}

function write(tag: number, ...parts: Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts);
  const length = body.length < 0x80 ? [body.length] : body.length < 0x100 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Uint8Array.of(tag, ...length), body]);
}

/** The same SEQUENCE { what is signed, algorithm, BIT STRING } with its signature's r and s written anew. */
function resigned(der: Uint8Array, rewrite: (r: Uint8Array, s: Uint8Array) => Uint8Array): Uint8Array {
  const { body } = read(der);
  const signed = read(body);
  const algorithm = read(body, signed.end);
  const signature = read(read(body, algorithm.end).body.slice(1)).body; // without the count of unused bits
  const r = read(signature);
  const s = read(signature, r.end);
  return write(0x30, body.slice(0, algorithm.end), write(0x03, Uint8Array.of(0), rewrite(r.body, s.body)));
}

const integer = (body: Uint8Array): Uint8Array => write(0x02, body);
const padded = (body: Uint8Array): Uint8Array => Buffer.concat([Uint8Array.of(0), body]);

/** Ways to write the same two numbers; the first one is DER's. */
const WAYS: Readonly<Record<string, (r: Uint8Array, s: Uint8Array) => Uint8Array>> = {
  "as DER has it": (r, s) => write(0x30, integer(r), integer(s)),
  "with a zero before r": (r, s) => write(0x30, integer(padded(r)), integer(s)),
  "with a zero before s": (r, s) => write(0x30, integer(r), integer(padded(s))),
  "with a length in two bytes": (r, s) => {
    const body = Buffer.concat([integer(r), integer(s)]);
    return Buffer.concat([Uint8Array.of(0x30, 0x81, body.length), body]);
  },
  "with the length of a number in two bytes": (r, s) =>
    write(0x30, Uint8Array.of(0x02, 0x81, r.length), r, integer(s)),
};

const device = (ca: OpensslCa) => ca.issue("romeo", { names: [xmppAddr("romeo@montague.example")] });
const listOf = (ca: OpensslCa): Uint8Array => new Uint8Array(Buffer.from(ca.list().replace(/-----[^-]+-----|\s/g, ""), "base64"));

for (const [kind, ca] of [["P-256", root], ["P-384", strong]] as const) {
  for (const [how, rewrite] of Object.entries(WAYS)) {
    const isDer = rewrite === Object.values(WAYS)[0];

    test(`a certificate's signature by ${kind} ${how} is ${isDer ? "taken" : "refused"}`, () => {
      const chain = [resigned(derOf(device(ca)), rewrite)];
      const problems = core.verifyChain(chain, core.authorities(ca.own.certificate));
      assert.equal(problems, isDer ? [] : ["not issued by a configured authority"]);
    });

    test(`a revocation list's signature by ${kind} ${how} is ${isDer ? "taken" : "refused"}`, () => {
      const list = resigned(listOf(ca), rewrite);
      const problems = core.verifyChain([derOf(device(ca))], core.authorities([ca.own.certificate, list]));
      assert.is(problems.includes("revocation list not trusted"), !isDer);
      assert.is(problems.length, isDer ? 0 : 1);
    });
  }
}

test.run();
