import xml from "@xmpp/xml";
import { ERRORS, type ErrorCode } from "../../bindings/errors.ts";
import { buildError, conditionOf, parseError } from "../../bindings/xtls/condition.ts";
import { NS_STANZAS, NS_XTLS_ERRORS } from "../../bindings/xtls/namespaces.ts";
import type { Request } from "../../bindings/xtls/state.ts";
import { assert, suite } from "../suite.ts";

const test = suite("condition");

/** The table of errors on the wire, as the protocol has it. */
// prettier-ignore
const WIRE = {
  "unsupported":       "cancel service-unavailable",
  "declined":          "cancel not-acceptable declined",
  "no-common-method":  "cancel not-acceptable no-common-method",
  "too-many-tunnels":  "wait resource-constraint",
  "tie-break":         "cancel conflict tie-break",
  "already-open":      "cancel conflict already-open",
  "malformed":         "modify bad-request",
  "unknown-tunnel":    "cancel item-not-found",
  "out-of-order":      "cancel unexpected-request out-of-order",
  "invalid-base64":    "cancel bad-request invalid-base64",
  "chunk-too-large":   "modify resource-constraint max-bytes",
} as const satisfies Partial<Record<ErrorCode, string>>;

/** Which request such an error answers, where it is not `<start/>`. */
const REQUEST: Partial<Record<ErrorCode, Request>> = { "invalid-base64": "data", "chunk-too-large": "data", "unknown-tunnel": "data" };

for (const [code, expected] of Object.entries(WIRE) as [keyof typeof WIRE, string][]) {
  test(`${code} is ${expected} on the wire and comes back as itself`, () => {
    assert.is(conditionOf(code).join(" "), expected);
    assert.is(parseError(buildError(code), REQUEST[code] ?? "start").code, code);
  });
}

test("writes an error as RFC 6120 has it", () => {
  assert.is(
    buildError("declined").toString(),
    '<error type="cancel"><not-acceptable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/><declined xmlns="urn:xmpp:tmp:xtls:errors"/></error>',
  );
});

test("has a condition for every code that can answer an IQ", () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[])
    assert.match(conditionOf(code)[0], /^(cancel|modify|wait|auth)$/);
  assert.is(conditionOf("bad-record").join(" "), "cancel bad-request");
  assert.is(conditionOf("no-common-parameters").join(" "), "cancel not-acceptable no-common-method");
});

test("takes what a server says of an absent peer for absence", () => {
  for (const name of ["recipient-unavailable", "gone"]) {
    for (const request of ["start", "data", "close"] as const)
      assert.is(parseError(xml("error", {}, xml(name, { xmlns: NS_STANZAS })), request).code, "peer-unavailable");
  }
});

test("takes no support for absence once there was a tunnel", () => {
  const codes = (["start", "data", "close"] as const).map((request) => parseError(buildError("unsupported"), request).code);
  assert.equal(codes, ["unsupported", "peer-unavailable", "peer-unavailable"]);
});

test("an error in answer to data or close is never about starting a tunnel", () => {
  const aboutStarts = ["declined", "tie-break", "already-open", "too-many-tunnels", "security-required"] as const;
  for (const code of aboutStarts)
    for (const request of ["data", "close"] as const) assert.is(parseError(buildError(code), request).code, "remote-error", code);
  assert.match(parseError(buildError("too-many-tunnels"), "data").message, "Answered by resource-constraint");
});

test("writes the error for a clear stanza where tunnels are required", () => {
  assert.is(conditionOf("security-required").join(" "), "cancel not-acceptable security-required");
});

test("tells a server that cannot be reached from an absent peer, and repeats type and text fit to be printed", () => {
  const words = xml("text", { xmlns: NS_STANZAS }, `Server-to-server failed: \u202ecertificate\n is not trusted${"!".repeat(500)}`);
  const error = xml("error", { type: "wait" }, xml("remote-server-timeout", { xmlns: NS_STANZAS }), words);
  const { code, message } = parseError(error, "start");
  assert.is(code, "server-unreachable");
  assert.match(message, 'Answered by remote-server-timeout (wait): "Server-to-server failed: certificate is not trusted!');
  assert.ok(message.length < 400 && !message.includes("\u202e"));
  const missing = xml("error", { type: "cancel" }, xml("remote-server-not-found", { xmlns: NS_STANZAS }));
  assert.match(parseError(missing, "data").message, "Answered by remote-server-not-found.");
});

test("names a foreign condition but repeats no foreign text", () => {
  const error = parseError(
    xml("error", {}, xml("text", { xmlns: NS_STANZAS }, "EVIL"), xml("not-allowed", { xmlns: NS_STANZAS })),
    "start",
  );
  assert.is(error.code, "remote-error");
  assert.match(error.message, "not-allowed");
  assert.not.match(error.message, "EVIL");
  assert.is(parseError(xml("error", {}, xml("\u202eevil", { xmlns: NS_STANZAS })), "start").code, "remote-error");
  assert.is(parseError(undefined, "start").code, "remote-error");
});

test("passes over an application condition that it does not know, and names it", () => {
  const answered = (condition: string, application: string, request: "start" | "data") =>
    parseError(xml("error", { type: "cancel" }, xml(condition, { xmlns: NS_STANZAS }), xml(application, { xmlns: NS_XTLS_ERRORS })), request);
  assert.is(answered("bad-request", "not-trusted", "data").code, "malformed");
  assert.match(answered("bad-request", "not-trusted", "data").message, "bad-request (not-trusted)");
  assert.is(answered("item-not-found", "from-tomorrow", "data").code, "unknown-tunnel");
  assert.is(answered("bad-request", "from-tomorrow", "start").code, "malformed");
  assert.is(answered("not-acceptable", "from-tomorrow", "start").code, "remote-error");
});

test.run();
