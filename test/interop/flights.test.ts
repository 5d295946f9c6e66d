import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { pattern, recordLengths } from "../tls/pair.ts";
import { openssl35 } from "./library-programs.ts";
import { nodeTls, type NodeCounterpart } from "./node-tls.ts";
import { nss } from "./nss.ts";
import { gnutls, openssl } from "./programs.ts";
import { Cast, exchangeWords, meet, part, exchangeWordsAndKeys, PROGRAMS } from "./terms.ts";

const test = suite("flights");
const cast = new Cast(await loadCore());
test.after(() => cast.dispose());

const ROLES = ["initiator", "responder"] as const;

// The HelloRetryRequest of NSS, wolfSSL and Java has a cookie.
for (const program of PROGRAMS) {
  for (const role of ROLES) {
    test(`retries the hello (HelloRetryRequest): ${program.name}, as ${role}`, () => {
      const [terms, options] =
        role === "initiator" ? [{ groups: ["P-384"] as const }, {}] : [{}, { groups: ["P-384"] as const }];
      return meet(program, role, cast, terms, options, async (meeting) => {
        await meeting.bridge.opened();
        assert.is(meeting.bridge.engine.negotiated?.group, "P-384");
        await exchangeWordsAndKeys(program, meeting);
      });
    });
  }
}

for (const program of PROGRAMS) {
  for (const role of ROLES) {
    test(`takes and gives single bytes: ${program.name}, as ${role}`, () =>
      meet(program, role, cast, {}, { chunk: 1 }, async (meeting) => {
        await meeting.bridge.opened();
        await exchangeWords(meeting);
        await part(meeting);
      }));
  }
}

/** Lower-case letters, so that text is bytes. */
const letters = (length: number): string => String.fromCharCode(...pattern(length).map((byte) => 97 + (byte % 26)));

/** 2^14 bytes are what a record holds: one less, just so many, and one that needs another. */
for (const program of PROGRAMS) {
  for (const role of ROLES) {
    if (program === nss && role === "initiator") continue; // selfserv takes 10 KiB at once; below is more
    for (const length of [16383, 16384, 16385]) {
      test(`carries ${length} bytes each way as they are: ${program.name}, as ${role}`, () =>
        meet(program, role, cast, {}, {}, async ({ bridge, counterpart }) => {
          await bridge.opened();
          const line = letters(length - 2);
          bridge.say(`${line}\n\n`);
          await counterpart.heard(line);
          counterpart.say(`${line}\n\n`);
          await bridge.heard(line);
        }));
    }
  }
}

test("takes records that are full: nss, as initiator", () =>
  meet(nss, "initiator", cast, { extra: ["-g", "4"] }, {}, async ({ bridge }) => {
    await bridge.opened();
    bridge.say("GET / HTTP/1.0\n\n");
    await bridge.closed();
    assert.ok((await bridge.heard("")).length > 4 * 16384);
  }));

/** Stapling, timestamps, delegated credentials, client authentication later, ECH, early data, old middleboxes. */
const UNKNOWN = ["-T", "-U", "-B", "-E", "-G", "-Z", "-e", "-i", "100"];

test("takes a hello with extensions that it does not know: nss, as responder", () =>
  meet(nss, "responder", cast, { extra: UNKNOWN }, {}, async (meeting) => {
    await meeting.bridge.opened();
    await exchangeWordsAndKeys(nss, meeting);
  }));

test("retries the hello when the other end insists on a better group: openssl 3.5, as initiator", () =>
  meet(openssl35, "initiator", cast, {}, { groups: ["P-384", "P-256", "X25519"] }, async (meeting) => {
    await meeting.bridge.opened();
    assert.is(meeting.bridge.engine.negotiated?.group, "X25519", "the key share was for P-384");
    await exchangeWordsAndKeys(openssl35, meeting);
  }));

test("retries the hello with the cookie of a server that keeps no state: openssl -stateless, as initiator", () =>
  meet(openssl, "initiator", cast, { extra: ["-stateless"] }, {}, async (meeting) => {
    await meeting.bridge.opened();
    assert.is(meeting.bridge.engine.negotiated?.group, "X25519", "the key share stays");
    await exchangeWordsAndKeys(openssl, meeting);
  }));

/** One's own certificate, and two between it and the root: three times what a small record takes. */
function chained() {
  const between = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"];
  const outer = cast.issuer.issue("Outer", { by: cast.authority, extensions: between });
  const inner = cast.issuer.issue("Inner", { by: outer, extensions: between });
  const own = cast.issuer.issue("own", { by: inner, names: ["DNS:localhost"] });
  return cast.core.identityFromPEM(own.pem + inner.certificate + outer.certificate);
}

for (const role of ROLES) {
  test(`makes no larger handshake records than the other end wants: gnutls, as ${role}`, () =>
    meet(gnutls, role, cast, { extra: ["--recordsize=512"] }, { identity: chained() }, async (meeting) => {
      await meeting.bridge.opened();
      await exchangeWords(meeting);
    }));

  test(`makes no larger records than the other end wants: gnutls, as ${role}`, () =>
    meet(gnutls, role, cast, { extra: ["--recordsize=1000"] }, {}, async ({ bridge, counterpart }) => {
      await bridge.opened();
      bridge.say(`${letters(5000)}\n`);
      await counterpart.heard(letters(5000));
      bridge.engine.write(pattern(5000));
      const lengths = recordLengths(bridge.engine.drain());
      assert.ok(lengths.length > 5 && Math.max(...lengths) <= 1000 + 1 + 16, String(lengths));
    }));

  test(`logs the keys that the other end logs: node:tls, as ${role}`, () => {
    const lines: string[] = [];
    return meet(nodeTls, role, cast, {}, { keyLog: (line) => lines.push(line) }, async (meeting) => {
      await meeting.bridge.opened();
      await exchangeWords(meeting);
      assert.equal(lines.sort(), [...(meeting.counterpart as NodeCounterpart).keyLog].sort());
      assert.ok(lines.length > 0);
    });
  });
}

test.run();
