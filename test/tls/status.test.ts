import { readFileSync } from "node:fs";

import { XtlsError } from "../../bindings/errors.ts";
import { alertOf, ALERTS } from "../../bindings/tls/alerts.ts";
import { problemsOf } from "../../bindings/tls/authorities.ts";
import { checked, codeOf, STATUS } from "../../bindings/tls/status.ts";
import { assert, suite } from "../suite.ts";

const test = suite("status");

test("has the numbers of core/status.h, each and no other", () => {
  const header = readFileSync(new URL("../../core/status.h", import.meta.url), "utf8");
  const defined = [...header.matchAll(/#define XTLS_(?:ERR_)?([A-Z]+) +\(?(-?(?:0x)?[0-9A-F]+)\)?/g)];
  const numbers = defined.map(([, name, value = ""]) => [
    name?.toLowerCase(),
    value.startsWith("-") ? -Number(value.slice(1)) : Number(value),
  ]);
  assert.equal(Object.fromEntries(numbers), STATUS);
});

test("gives each of our statuses a code of its own", () => {
  const codes = Object.values(STATUS)
    .filter((status) => status < 0)
    .map((status) => codeOf(status));
  assert.is(new Set(codes).size, codes.length);
});

test("passes lengths through and throws what is negative", () => {
  assert.is(checked(0), 0);
  assert.is(checked(7), 7);
  assert.throws(
    () => checked(STATUS.jid),
    (error: XtlsError) => error.code === "invalid-jid",
  );
  assert.throws(
    () => checked(-0x6c00),
    (error: XtlsError) => error.code === "internal-error" && error.message.includes("-0x6C00"),
  );
});

test("tells faults of TLS apart, if need be by the alert that was sent", () => {
  const handshakeFailure = -0x6e00;
  assert.is(codeOf(-0x7180), "bad-record");
  assert.is(codeOf(-0x7780), "alert-received");
  assert.is(codeOf(handshakeFailure, alertOf(0x0228)), "no-common-parameters");
  assert.is(codeOf(handshakeFailure, alertOf(0x0233)), "protocol-violation");
  assert.is(codeOf(handshakeFailure, alertOf(0x0274)), "certificate-missing");
  assert.is(codeOf(-0x2700 - 0x60), "certificate-refused");
  assert.is(codeOf(-0x2180), "invalid-certificate");
});

test("blames the peer for what only its bytes can bring about, and nobody else's faults", () => {
  for (const status of [-0x6600, -0x6700, -0x7200, -0x7300, -0x7500, -0x7700, -0x7800])
    assert.is(codeOf(status), "protocol-violation", String(status));
  // Signing, encoding, sizes, configuration: SSL_BUFFER_TOO_SMALL, SSL_FEATURE_UNAVAILABLE, PK_TYPE_MISMATCH, RSA, ECP, ASN.1 ...
  for (const status of [-0x6a00, -0x7080, -0x3f00, -0x4080, -0x4f80, -0x006c, -0x1234]) {
    assert.is(codeOf(status), "internal-error", String(status));
    assert.is(codeOf(status, alertOf(0x0250)), "internal-error", String(status));
  }
  assert.is(codeOf(-0x4080, alertOf(0x022f)), "protocol-violation", "it was told so");
});

test("reads alerts by RFC 8446's names", () => {
  assert.is(alertOf(-1), undefined);
  assert.equal(alertOf(0x0100), { level: "warning", description: 0, name: "close_notify" });
  assert.equal(alertOf(0x0214), { level: "fatal", description: 20, name: "bad_record_mac" });
  assert.equal(alertOf(0x02fe), { level: "fatal", description: 254, name: "alert_254" });
  assert.is(ALERTS[120], "no_application_protocol");
});

test("says what is wrong with a chain, also what it has no word for", () => {
  assert.equal(problemsOf(0), []);
  assert.equal(problemsOf(0x0009), ["expired", "not issued by a configured authority"]);
  assert.equal(problemsOf(0x80000001 | 0), ["expired", "problem 0x80000000"]);
});

test.run();
