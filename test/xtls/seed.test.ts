/**
 * The stanzas of the mail that this protocol comes from ("XTLS revisited", Peter Saint-Andre,
 * standards list, December 2008), word for word; its addresses are hidden in the archive, so the names are put back.
 *
 * Three slips of the mail are met as they stand: it starts and closes with …/balcony but speaks
 * with …/chamber in between; it writes one `to` with two slashes; its `<closed/>` has another id.
 */
import xml, { Parser, type Element } from "@xmpp/xml";
import { assert, suite } from "../suite.ts";
import { code } from "./code.ts";
import { juliet, romeo } from "./ends.ts";
import { End, WirePair, written, type Iq } from "./wire-pair.ts";

const test = suite("seed");

const ORCHARD = "romeo@montague.lit/orchard";
const BALCONY = "juliet@capulet.lit/balcony";
const CHAMBER = "juliet@capulet.lit/chamber";

const START = `<iq from='${ORCHARD}' id='xtls_1' to='${BALCONY}' type='set'> <start xmlns='urn:xmpp:tmp:xtls'/> </iq>`;
const PROCEED = `<iq from='${BALCONY}' id='xtls_1' to='${ORCHARD}' type='result'> <proceed xmlns='urn:xmpp:tmp:xtls'/> </iq>`;
const CLOSE = `<iq from='${ORCHARD}' id='xtls_10' to='${BALCONY}' type='set'> <close xmlns='urn:xmpp:tmp:xtls'/> </iq>`;
const CLOSED = `<iq from='${BALCONY}' id='xtls_0' to='${ORCHARD}' type='result'> <closed xmlns='urn:xmpp:tmp:xtls'/> </iq>`;
const BODY = " I take thee at thy word: Call me but love, and I'll be new baptized; Henceforth I never will be Romeo. ";
const INNER = ` <thread>act2scene2chat1</thread> <body>${BODY}</body> <active xmlns='http://jabber.org/protocol/chatstates'/> `;
/** 4a. */
const MESSAGE = `<message from='${ORCHARD}' to='juliet@capulet.lit//chamber' type='chat'>${INNER}</message>`;
/** 4b. */
const STRIPPED = `<message type='chat'>${INNER}</message>`;

function parse(text: string): Element {
  const parser = new Parser();
  let parsed: Element | undefined;
  parser.on("element", (element: Element) => (parsed = element));
  parser.write(`<stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:client'>${text}`);
  return parsed as Element;
}

/** An IQ as a stream would bring it. */
function iq(text: string): Iq {
  const { attrs, ...element } = parse(text);
  const payload = element.children.find((child): child is Element => typeof child !== "string");
  return { ...(attrs as Omit<Iq, "payload">), payload };
}

/** Two texts mean the same XML when an XMPP library writes them alike. */
const canonical = (text: string): string => parse(text).toString();
const sorted = (element: Element): string => {
  const { attrs } = element;
  return xml(
    element.name,
    Object.fromEntries(Object.entries(attrs).sort()),
    ...(element.children as Element[]),
  ).toString();
};
const withoutSpace = (text: string): string => text.replace(/> </g, "><");

const numbered = (): (() => string) => {
  let last = 0;
  return () => `xtls_${++last}`;
};
const ends = (address = CHAMBER): [End, End, WirePair] => {
  const wire = new WirePair({ identity: romeo, hasExtensions: false, ids: numbered() }, { identity: juliet });
  const peer = new End(address, wire, { identity: juliet });
  return [wire.romeo, peer, wire];
};

/** Carries IQs between two ends until nothing moves. */
function carry(...pair: End[]): Iq[] {
  const log: Iq[] = [];
  for (let moved = true; moved;) {
    moved = false;
    for (const end of pair) {
      const sent = end.sent.shift();
      if (sent === undefined) continue;
      moved = true;
      log.push(sent);
      pair.find(({ address }) => address === sent.to)?.receive(sent);
    }
  }
  return log;
}

test("1. the initiator sends the mail's start", () => {
  const [end] = ends();
  end.open(BALCONY);
  assert.is(sorted(parse(written(end.sent[0] as Iq))), withoutSpace(sorted(parse(START))));
});

test("2. the responder answers the mail's start with the mail's proceed", () => {
  const [, end] = ends(BALCONY);
  end.receive(iq(START));
  assert.is(sorted(parse(written(end.sent[0] as Iq))), withoutSpace(sorted(parse(PROCEED))));
});

test("2. the initiator takes the mail's proceed and sends the first data, id xtls_2, method x509", () => {
  const [end] = ends();
  end.open(BALCONY);
  end.sent.length = 0;
  assert.ok(end.receive(iq(PROCEED)));
  const { type, id, from, to, payload } = end.sent[0] as Iq;
  assert.equal([type, id, from, to, payload?.name], ["set", "xtls_2", ORCHARD, BALCONY, "data"]);
  assert.equal(payload?.attrs, { xmlns: "urn:xmpp:tmp:xtls", method: "x509" });
});

test("3. every handshake message is a set and is answered by an empty result", () => {
  const [one, other] = ends();
  one.open(CHAMBER);
  const handshake = carry(one, other).slice(2);
  for (const { type, id, to, payload } of handshake) {
    if (type === "set") assert.ok(payload?.is("data", "urn:xmpp:tmp:xtls"));
    else
      assert.is(
        written(handshake.find((iq) => iq.id === id && iq.type === "result") as Iq).includes(`to="${to}"/>`),
        true,
      );
  }
});

test("4a-4d. the mail's message goes in and comes out, and the tunnel carries what 4b says", () => {
  const [one, other] = ends();
  one.open(CHAMBER);
  carry(one, other);
  const message = parse(MESSAGE.replace("//", "/"));
  one.send(message);
  carry(one, other);
  const stripped = parse(STRIPPED);
  stripped.attrs.from = ORCHARD;
  stripped.attrs.to = CHAMBER;
  assert.is(other.stanzas[0], stripped.toString());
  assert.is(canonical(other.stanzas[0] as string).includes(`<body>${BODY}</body>`), true);
});

test("4a. as it stands, with two slashes, the mail's message names another resource and is not sent", () => {
  const [one, other] = ends();
  one.open(CHAMBER);
  carry(one, other);
  assert.is(
    code(() => one.send(parse(MESSAGE))),
    "foreign-address",
  );
});

test("5. and 6. the mail's close is answered by closed, with the id of the request", () => {
  const [one, other] = ends(BALCONY);
  one.open(BALCONY);
  carry(one, other);
  other.receive(iq(CLOSE));
  assert.is(
    sorted(parse(written(other.sent[0] as Iq))),
    withoutSpace(sorted(parse(CLOSED.replace("xtls_0", "xtls_10")))),
  );
  // The mail says no goodbye in TLS: what was cut off nobody can know.
  assert.is(other.closes[0]?.code, "truncated");
});

test("6. as it stands, with another id, the mail's closed answers nothing", () => {
  const [one, other] = ends(BALCONY);
  one.open(BALCONY);
  carry(one, other);
  assert.is(one.receive(iq(CLOSED)), false);
  assert.is(one.tunnel.state, "open");
});

test.run();
