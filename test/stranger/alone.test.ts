/**
 * The stranger talks to itself through Prosody, at both ends: what it shows of the mail's
 * protocol it shows without the library.
 */

import { once } from "node:events";
import type { Element } from "@xmldom/xmldom";
import { startProsody } from "../../scripts/servers/prosody.ts";
import type { Server } from "../../scripts/servers/server.ts";
import { assert, suite } from "../suite.ts";
import { type Certified, certify } from "./certificate.ts";
import { Client } from "./client.ts";
import { mail } from "./mail.ts";
import type { Tunnel } from "./tunnel.ts";

const test = suite("stranger alone");

let server: Server;
let romeo: Client;
let juliet: Client;

test.before(async () => {
  server = await startProsody();
});

test.before.each(async () => {
  const certificates = { romeo: certify(bareOf("romeo")), juliet: certify(bareOf("juliet")) };
  romeo = await login("romeo", "orchard", certificates.romeo, { juliet: certificates.juliet });
  juliet = await login("juliet", "balcony", certificates.juliet, { romeo: certificates.romeo });
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

test("a tunnel is opened to nobody with another certificate", async () => {
  const impostor = certify(bareOf("juliet"));
  juliet.logout();
  juliet = await login("juliet", "balcony", impostor, {});
  await rejects(romeo.open(`${bareOf("juliet")}/balcony`));

  juliet.logout();
  juliet = await login("juliet", "balcony", impostor, { romeo: impostor });
  await rejects(romeo.open(`${bareOf("juliet")}/balcony`));
});

test.run();

interface End {
  address: string;
  tunnel: Tunnel;
}

async function open(): Promise<[End, End]> {
  const asked = once(juliet, "tunnel") as Promise<[Tunnel]>;
  const addresses = { romeo: `${bareOf("romeo")}/orchard`, juliet: `${bareOf("juliet")}/balcony` };
  const tunnel = await romeo.open(addresses.juliet);
  return [
    { address: addresses.romeo, tunnel },
    { address: addresses.juliet, tunnel: (await asked)[0] },
  ];
}

async function login(
  username: string,
  resource: string,
  certified: Certified,
  friends: Record<string, Certified>,
): Promise<Client> {
  const { password } = await server.register(username);
  const contacts = Object.fromEntries(
    Object.entries(friends).map(([name, { fingerprint }]) => [bareOf(name), fingerprint]),
  );
  const client = new Client({
    service: server.websocket,
    address: `${bareOf(username)}/${resource}`,
    password,
    ...certified,
    contacts,
  });
  await client.login();
  return client;
}

async function rejects(promise: Promise<unknown>): Promise<void> {
  const outcome = await promise.then(
    () => "resolved",
    () => "rejected",
  );
  assert.is(outcome, "rejected");
}

function bareOf(username: string): string {
  return `${username}@${server.domain}`;
}

function text(stanza: Element, name: string): string | null | undefined {
  return stanza.getElementsByTagName(name)[0]?.textContent;
}

function record(client: Client): Element[] {
  const sent: Element[] = [];
  client.on("sent", (stanza) => sent.push(stanza));
  return sent;
}

function isRequest(iq: Element): boolean {
  return iq.getAttribute("type") === "set";
}

/** "start", "data x509" or just "" for a bare acknowledgement. */
function describe(iq: Element): string {
  const element = iq.children[0];
  return [element?.tagName, element?.getAttribute("method")].filter(Boolean).join(" ");
}
