/**
 * The stranger talks to itself through Prosody, at both ends: what it shows of the mail's
 * protocol it shows without the library.
 */

import { once } from "node:events";
import type { Element } from "@xmldom/xmldom";
import { startProsody } from "../../scripts/servers/prosody.ts";
import { DOMAIN, type Server } from "../../scripts/servers/server.ts";
import { assert, suite } from "../suite.ts";
import { certify } from "./certificate.ts";
import type { Client } from "./client.ts";
import { mail } from "./mail.ts";
import { describe, enter, isRequest, record, rejects, text } from "./stage.ts";
import type { Tunnel } from "./tunnel.ts";

const test = suite("stranger alone");

const BARE = { romeo: `romeo@${DOMAIN}`, juliet: `juliet@${DOMAIN}` };
const ADDRESS = { romeo: `${BARE.romeo}/orchard`, juliet: `${BARE.juliet}/balcony` };
const CERTIFIED = { romeo: certify(BARE.romeo), juliet: certify(BARE.juliet) };

let server: Server;
let romeo: Client;
let juliet: Client;

test.before(async () => {
  server = await startProsody();
});

test.before.each(async () => {
  romeo = await enter(server, ADDRESS.romeo, CERTIFIED.romeo, { [BARE.juliet]: CERTIFIED.juliet.fingerprint });
  juliet = await enter(server, ADDRESS.juliet, CERTIFIED.juliet, { [BARE.romeo]: CERTIFIED.romeo.fingerprint });
});

test.after.each(() => {
  romeo.logout();
  juliet.logout();
});

test.after(async () => {
  await server.stop();
});

test("the mail's message crosses both ways and gets its addresses back", async () => {
  const ends = await open();

  for (const [from, to] of [ends, [...ends].reverse()] as [End, End][]) {
    const arrived = once(to.tunnel, "stanza") as Promise<[Element]>;
    await from.tunnel.send(mail.message(from.address, to.address));
    const [stanza] = await arrived;

    assert.is(text(stanza, "body"), mail.body);
    assert.is(text(stanza, "thread"), mail.thread);
    assert.is(stanza.getAttribute("from"), from.address);
    assert.is(stanza.getAttribute("to"), to.address);
  }
});

test("a stanza longer than a TLS record arrives in one piece", async () => {
  const [{ tunnel }, { tunnel: asked }] = await open();
  const body = "Juliet è il sole. ".repeat(4_000);

  const arrived = once(asked, "stanza") as Promise<[Element]>;
  await tunnel.send(`<message><body>${body}</body></message>`);

  assert.is(text((await arrived)[0], "body"), body);
});

test("on the wire are the elements of the mail, and no word of the message", async () => {
  const sent = { romeo: record(romeo), juliet: record(juliet) };
  const [{ tunnel }, { tunnel: asked }] = await open();

  const arrived = once(asked, "stanza");
  await tunnel.send(mail.message("romeo", "juliet"));
  await arrived;
  await tunnel.close();

  const requests = ["start", "data x509", "data", "data", "data", "close"];
  assert.equal(sent.romeo.filter(isRequest).map(describe), requests);
  const answers = ["proceed", "", "", "", "", "closed"];
  assert.equal(sent.juliet.filter((iq) => !isRequest(iq)).map(describe), answers);
  assert.not.match(String([...sent.romeo, ...sent.juliet]), "baptized");
});

test("either side may close, and both know", async () => {
  for (const closer of [0, 1] as const) {
    const ends = await open();
    const known = Promise.all(ends.map(({ tunnel }) => once(tunnel, "closed")));
    await ends[closer].tunnel.close();
    await known;
  }
});

test("no tunnel opens when either side shows the certificate of somebody else", async () => {
  const impostor = certify(BARE.juliet);
  juliet.logout();
  juliet = await enter(server, ADDRESS.juliet, impostor, { [BARE.romeo]: CERTIFIED.romeo.fingerprint });
  await rejects(romeo.open(ADDRESS.juliet));

  let isAsked = false;
  romeo.once("tunnel", () => (isAsked = true));
  // Hers is open before he has seen her certificate: so it is with TLS 1.3.
  await once(await juliet.open(ADDRESS.romeo), "closed");
  assert.not(isAsked);
});

test("no tunnel opens with somebody who is no contact", async () => {
  juliet.logout();
  juliet = await enter(server, ADDRESS.juliet, CERTIFIED.juliet, {});
  await rejects(romeo.open(ADDRESS.juliet));
});

test.run();

interface End {
  address: string;
  tunnel: Tunnel;
}

/** Romeo asks, Juliet is asked. */
async function open(): Promise<[End, End]> {
  const asked = once(juliet, "tunnel") as Promise<[Tunnel]>;
  const tunnel = await romeo.open(ADDRESS.juliet);
  return [
    { address: ADDRESS.romeo, tunnel },
    { address: ADDRESS.juliet, tunnel: (await asked)[0] },
  ];
}
